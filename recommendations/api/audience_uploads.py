"""Files of customer ids over the API: an audience saved from one, or its customers replaced."""

import hashlib
from collections.abc import Collection
from typing import Any

from rest_framework.parsers import MultiPartParser
from rest_framework.response import Response

from luxebrain.lib import uploads
from luxebrain.lib.problems import Problem
from recommendations import audience_files, saved_audiences
from recommendations.api import audience_schemas, bodies
from recommendations.api.audiences import SavedView
from recommendations.fields import shown

MOST_BYTES = 64 * 1024 * 1024


class _FileView(SavedView):
    """Reads file and fields before the transaction opens, so that a slow upload holds none."""

    http_method_names = ["post", "options"]
    scope = {"POST": "batch:write"}
    accepts = "file"
    parser_classes = [MultiPartParser]
    max_body = MOST_BYTES + uploads.OVERHEAD
    fields: Collection[str] = ()

    def initial(self, request: Any, *args: Any, **kwargs: Any) -> None:
        if request.method != "POST":
            super().initial(request, *args, **kwargs)
            return
        if request._request.content_type != "multipart/form-data":
            raise Problem("Send a form: multipart/form-data.", status=415, code="unsupported_media_type")
        bodies.query(request.query_params, allowed=())
        self.given = self._given(request)
        [file] = request.FILES.getlist("file")
        self.filename, self.lines = shown(file.name), audience_files.uploaded(file.file, file.name)
        self._check()
        digest = hashlib.sha256(repr(sorted(self.given.items())).encode("utf-8", "surrogatepass"))
        digest.update("\n".join(self.lines.ids).encode())
        request._request.digest_of_body = digest.digest()
        super().initial(request, *args, **kwargs)

    def _given(self, request: Any) -> dict[str, str]:
        """The fields beside the file. Raises Problem with a reason per field."""
        values = {name: request.data.getlist(name) for name in request.data if name not in request.FILES}
        wrong = {shown(name): "There is no such field." for name in values if name not in self.fields}
        wrong |= {name: "Send it once." for name in self.fields if len(values.get(name, ())) != 1}
        if set(request.FILES) != {"file"} or len(request.FILES.getlist("file")) != 1:
            wrong["file"] = "Send one file."
        if wrong:
            raise Problem("Some fields are not right.", fields=wrong)
        return {name: values[name][0] for name in self.fields}

    def _check(self) -> None:
        """Raises Problem with the lines that cannot be used."""
        lines = self.lines
        if lines.refused_count:
            told = {f"file.{line}": f"“{value}”: {why}" for line, value, why in lines.refused}
            detail = f"{lines.refused_count:,} lines of the file are not right."
            raise Problem(detail if lines.refused_count > 1 else "A line of the file is not right.", fields=told)
        if not lines.ids:
            raise Problem("The file names no customer.", fields={"file": "There is no id in it."})


class AudienceUploadView(_FileView):
    """A new audience from a file."""

    fields = ("name",)

    @audience_schemas.upload
    def post(self, request: Any) -> Response:
        name, lines = self.given["name"], self.lines
        row = saved_audiences.keep_ids(self.tenant, lines.ids, filename=self.filename, name=name, by=self.key)
        return self.answer(row, status=201, repeated=lines.repeated)


class AudienceReplacedView(_FileView):
    """Other customers for an audience that is there."""

    @audience_schemas.replace
    def post(self, request: Any, audience_id: int) -> Response:
        row = self.find(audience_id)
        changed = saved_audiences.change(
            self.tenant, row, name=row.name, ids=self.lines.ids, filename=self.filename, by=self.key
        )
        return self.answer(changed, repeated=self.lines.repeated)
