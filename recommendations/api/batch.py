"""Batch jobs over the API: submit, watch, read, download, pause, resume, cancel, retry."""

from typing import Any
from uuid import UUID

from django.core import signing
from django.http import HttpResponseBase, StreamingHttpResponse
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework.response import Response

from luxebrain.lib.parameters import not_right
from recommendations import batch_asking, batch_downloads, batch_handing, batch_results
from recommendations.api import batch_schemas, bodies, described, paging
from recommendations.batch import BatchInferenceQueue
from recommendations.models import BatchJob
from tenants.api.base import TenantView

_STATES = BatchJob.State.values
_STATUS = OpenApiParameter("status", {"type": "string", "enum": _STATES}, description="Jobs of this state")
_FORMAT = {"type": "string", "enum": list(batch_downloads.TYPES), "default": "csv"}


class _View(TenantView):
    """Views of one job; `key` is who asks, for the audit trail."""

    scope = {"GET": "batch:read"}

    def initial(self, request: Any, *args: Any, **kwargs: Any) -> None:
        super().initial(request, *args, **kwargs)
        self.queue = BatchInferenceQueue(self.tenant)
        self.key = f"key {request.auth.label}"

    def answer(self, job: BatchJob, *, status: int = 200, **more: Any) -> Response:
        said = batch_results.told(self.tenant, job, held=batch_handing.hold(self.tenant))
        response = Response({**said, **more}, status=status)
        if job.state in BatchJob.OPEN:
            response["Retry-After"] = str(batch_results.seconds_to_wait(said))
        return response


class BatchJobsView(_View):
    """The shop's jobs, and a new one."""

    http_method_names = ["get", "post", "options"]
    scope = {"GET": "batch:read", "POST": "batch:write"}

    @extend_schema(
        summary="List batch jobs", operation_id="batch_jobs_list",
        description="A page of the shop's batch jobs, oldest first; next_cursor leads to the next page.",
        parameters=[described.LIMIT, described.CURSOR, _STATUS], responses={200: batch_schemas.JOBS},
    )  # fmt: skip
    def get(self, request: Any) -> Response:
        asked = bodies.query(request.query_params, allowed=("limit", "cursor", "status"))
        rows = self.tenant.batch_jobs.all()
        if "status" in asked:
            if asked["status"] not in _STATES:
                raise not_right("status", "choice", f"Must be one of {', '.join(_STATES)}.")
            rows = rows.filter(state=asked["status"])
        found, following = paging.page(
            rows, tenant_id=self.tenant.pk, kind="batch", cursor=asked.get("cursor"),
            limit=bodies.limit(asked.get("limit")),
        )  # fmt: skip
        held = batch_handing.hold(self.tenant)
        jobs = [batch_results.told(self.tenant, job, held=held) for job in found]
        return Response({"jobs": jobs, "next_cursor": following})

    @extend_schema(
        summary="Ask for recommendations of many customers", operation_id="batch_jobs_send",
        description="Answers at once with the job, which is done in the background. One customer or session, up to "
        "1,000 customer_ids, or an audience; the other fields are those of a single call and hold for every customer. "
        "The job keeps the version of the model that it begins with. Following it needs batch:read.",
        request=batch_schemas.ASKED, responses={202: batch_schemas.JOB},
    )  # fmt: skip
    def post(self, request: Any) -> Response:
        bodies.query(request.query_params, allowed=())
        wanted = batch_asking.read(bodies.read(request._request))
        job = self.queue.enqueue(wanted, by=self.key)
        expected = batch_results.expected_seconds(self.tenant, job.total)
        why = None if expected is not None else "No batch job of this shop has finished yet."
        response = self.answer(
            job, status=202, estimated_seconds=expected and round(expected, 1), estimated_seconds_reason=why
        )
        response["Location"] = response.data["status_url"]
        return response


class BatchJobView(_View):
    """One job and its lists."""

    http_method_names = ["get", "options"]

    @extend_schema(
        summary="Read a batch job and its lists", operation_id="batch_jobs_read",
        description="State, counts, what failed and why, and a page of the customers that are done, in their order. "
        "While it runs, Retry-After says when asking again is worth it.",
        parameters=[described.LIMIT, described.CURSOR], responses={200: batch_schemas.JOB_WITH_LISTS},
    )  # fmt: skip
    def get(self, request: Any, job_id: UUID) -> Response:
        asked = bodies.query(request.query_params, allowed=("limit", "cursor"))
        job = self.queue.find(job_id)
        limit = bodies.limit(asked.get("limit"))
        salt = f"batch:{self.tenant.pk}:{job.public_id}"
        start = _start(asked.get("cursor"), salt)
        results = self.queue.get_result(job, start=start, limit=limit)
        more = start + limit < job.total and job.state != BatchJob.State.EXPIRED
        return self.answer(
            job, errors=batch_results.problems(self.tenant, job), results=results,
            next_cursor=signing.dumps(start + limit, salt=salt) if more else None,
        )  # fmt: skip


def _start(cursor: str | None, salt: str) -> int:
    if cursor is None:
        return 0
    try:
        return int(signing.loads(cursor, salt=salt))
    except (signing.BadSignature, ValueError, TypeError):
        raise not_right("cursor", "format", "Is not a cursor of this job.") from None


class BatchDownloadView(_View):
    """All lists of a job as one file."""

    http_method_names = ["get", "options"]

    @extend_schema(
        summary="Download the lists of a batch job", operation_id="batch_jobs_download",
        description="CSV and Parquet have one row per product, JSON Lines one object per customer. The file is made "
        "while it is sent. Cells that a spreadsheet would run as a formula are marked as text.",
        parameters=[OpenApiParameter("format", _FORMAT)],
        responses={(200, kind.split(";")[0]): bytes for kind in batch_downloads.TYPES.values()},
    )  # fmt: skip
    def get(self, request: Any, job_id: UUID) -> HttpResponseBase:
        asked = bodies.query(request.query_params, allowed=("format",))
        job = self.queue.find(job_id)
        chosen = asked.get("format", "csv")
        if chosen not in batch_downloads.TYPES:
            raise not_right("format", "choice", f"Must be one of {', '.join(batch_downloads.TYPES)}.")
        self.queue.check_readable(job)
        pieces = batch_downloads.stream(self.tenant.pk, job.public_id, chosen)
        response = StreamingHttpResponse(pieces, content_type=batch_downloads.TYPES[chosen])
        response["Content-Disposition"] = f'attachment; filename="batch-{job.public_id}.{chosen}"'
        return response


def _acting(verb: str, summary: str, description: str, **options: Any) -> type:
    """The view of one act on a job, by POST without a body."""

    class Acting(_View):
        __doc__ = f"{summary}."
        http_method_names = ["post", "options"]
        scope = {"POST": "batch:write"}
        takes_body = False

        @extend_schema(
            summary=summary, operation_id=f"batch_jobs_{verb}" + ("_failed" if options else ""),
            description=description,
            request=None, responses={200: batch_schemas.JOB},
        )  # fmt: skip
        def post(self, request: Any, job_id: UUID) -> Response:
            bodies.query(request.query_params, allowed=())
            bodies.nothing(request._request)
            job = getattr(self.queue, verb)(self.queue.find(job_id), by=self.key, **options)
            return self.answer(job)

    return Acting


BatchPauseView = _acting("pause", "Pause a batch job", "No further customers are begun until it is resumed.")
BatchResumeView = _acting("resume", "Resume a batch job", "Goes on where it was paused.")
BatchCancelView = _acting("cancel", "Cancel a batch job", "Lists that are done stay readable.")
BatchRetryView = _acting(
    "retry", "Do a batch job again", "All of it, with the version of the model that is in service now."
)
BatchRetryFailedView = _acting(
    "retry", "Do again what failed", "Only customers without a list because of a fault, with the version that the job "
    "keeps.", failed_only=True,
)  # fmt: skip
