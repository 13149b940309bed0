"""Files that people send with a form: to disk as they arrive, bounded before the first byte is kept."""

import re
import tempfile
from typing import Any

from django.conf import settings
from django.core.exceptions import RequestDataTooBig
from django.core.files.uploadedfile import UploadedFile
from django.core.files.uploadhandler import FileUploadHandler

OVERHEAD = 64 * 1024  # boundaries and the other fields of the form
# The pages and calls that take files.
WELCOME = re.compile(
    r"/t/[^/]+/(catalogue/imports/new|batch-jobs/new(/count)?|batch-jobs/audiences/(new|[0-9]+)(/count)?)"
    r"|/api/v1/audiences/([0-9]+/)?upload|/models/upload|/api/admin/models/register"
)


class FileTooLarge(RequestDataTooBig):
    """The body was refused by its declared length; nothing of it was kept."""


class FileOnDisk(UploadedFile):
    """An uploaded file under a name of ours: nothing that a person typed becomes part of a path."""

    def __init__(self, name: str, content_type: str, charset: Any, extra: Any) -> None:
        directory = settings.UPLOADS_DIR / "arriving"
        directory.mkdir(mode=0o700, parents=True, exist_ok=True)
        file = tempfile.NamedTemporaryFile(dir=directory, suffix=".part")
        super().__init__(file, name, content_type, 0, charset, extra)

    def temporary_file_path(self) -> str:
        return str(self.file.name)  # type: ignore[union-attr]

    def close(self) -> None:
        try:
            self.file.close()  # type: ignore[union-attr]
        except FileNotFoundError:
            pass  # it was moved to where it belongs


class ToDisk(FileUploadHandler):
    """Django's only upload handler here: a file goes to disk piece by piece and never into memory."""

    chunk_size = 256 * 1024

    def handle_raw_input(
        self, input_data: Any, META: Any, content_length: int, boundary: Any, encoding: Any = None
    ) -> None:
        """Raises FileTooLarge by the declared length, for a page that takes no files at 10 MB already."""
        request: Any = self.request
        takes = request is not None and WELCOME.fullmatch(request.path)
        most = settings.MAX_UPLOAD_BYTES if takes else settings.DATA_UPLOAD_MAX_MEMORY_SIZE
        if content_length > most + OVERHEAD:
            raise FileTooLarge(f"The file is larger than {most // 1024**2} MB.")

    def new_file(self, *args: Any, **kwargs: Any) -> None:
        super().new_file(*args, **kwargs)
        self.file = FileOnDisk(self.file_name, self.content_type, self.charset, self.content_type_extra)

    def receive_data_chunk(self, raw_data: bytes, start: int) -> None:
        self.file.write(raw_data)

    def file_complete(self, file_size: int) -> FileOnDisk:
        self.file.seek(0)
        self.file.size = file_size
        return self.file

    def upload_interrupted(self) -> None:
        if hasattr(self, "file"):
            self.file.close()
