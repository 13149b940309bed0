"""Answers of the panels: whole page or fragment, list pages, and the page that asks "are you sure"."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property, reduce
from operator import or_
from typing import Any

from django.contrib import messages
from django.db.models import Q, QuerySet
from django.http import HttpRequest, HttpResponse, QueryDict
from django.shortcuts import render
from django.template.loader import render_to_string
from django.utils.cache import patch_vary_headers

from luxebrain.lib.figures import number
from luxebrain.lib.forms import FilterForm
from luxebrain.lib.markup import build_query

COUNT_LIMIT = 10_000  # beyond it the exact number costs more than it tells
PAGE_LIMIT = 500


def wants_fragment(request: HttpRequest) -> bool:
    """An htmx request that replaces a part; boosted links and restored history get whole pages."""
    htmx = getattr(request, "htmx", None)
    return bool(htmx) and not htmx.boosted and not htmx.history_restore_request


def render_page(
    request: HttpRequest,
    template: str,
    context: Mapping[str, Any] | None = None,
    *,
    fragment: str | None = None,
    status: int = 200,
) -> HttpResponse:
    """The page, or for htmx its named partial followed by the waiting messages as toasts."""
    partial = fragment is not None and wants_fragment(request)
    response = render(request, f"{template}#{fragment}" if partial else template, dict(context or {}), status=status)
    if partial and (waiting := list(messages.get_messages(request))):
        response.write(render_to_string("components/toasts.html", {"messages": waiting, "swap": True}))
    patch_vary_headers(response, ["HX-Request", "HX-Boosted"])
    return response


def render_confirm(
    request: HttpRequest, *, layout: str, title: str, text: str, button: str, action: str, back: str, **more: Any
) -> HttpResponse:
    """The plain page behind components/confirm.html, for browsers without scripts."""
    context = {"layout": layout, "title": title, "text": text, "button": button, "action": action, "back": back, **more}
    return render_page(request, "components/confirm_page.html", context)


@dataclass(frozen=True)
class Column:
    """A column of a list page; `sort` names an entry of ListPage.sorts."""

    label: str
    sort: str = ""
    numeric: bool = False
    hidden_label: bool = False


class ListPage:
    """Search, filter, order and page through a queryset; all state is in the URL.

    ListPage(request, rows, template=…, columns=[…], search=("name",), sorts={"name": "name"}).render()
    gives the page or its `rows` fragment; the template finds everything under `listing`. `keeps` names what the
    filters leave alone: the tab of the page.
    """

    fragment = "rows"

    def __init__(
        self,
        request: HttpRequest,
        rows: QuerySet,
        *,
        template: str,
        columns: Iterable[Column] = (),
        search: Sequence[str] = (),
        filters: type[FilterForm] | None = None,
        sorts: Mapping[str, str | Sequence[str]] | None = None,
        default_sort: str = "",
        sizes: Sequence[int] = (25, 50, 100),
        nouns: tuple[str, str] = ("result", "results"),
        keeps: Sequence[str] = (),
    ) -> None:
        self.request, self.template, self.search, self.nouns = request, template, tuple(search), nouns
        self.all_rows, self.columns_given, self.sizes_allowed = rows, tuple(columns), tuple(sizes)
        self.sorts = dict(sorts or {})
        self.default_sort = default_sort
        self.kept = [(name, request.GET[name]) for name in keeps if request.GET.get(name)]
        self.form = filters(request.GET) if filters else None

    # --- What the URL says ---------------------------------------------------------------------
    @cached_property
    def q(self) -> str:
        return self.request.GET.get("q", "").replace("\x00", "").strip()[:200] if self.search else ""

    @cached_property
    def sort(self) -> str:
        asked = self.request.GET.get("sort", "")
        return asked if asked.removeprefix("-") in self.sorts else self.default_sort

    @cached_property
    def size(self) -> int:
        asked = self.request.GET.get("size", "")
        return int(asked) if asked.isdecimal() and int(asked) in self.sizes_allowed else self.sizes_allowed[0]

    @cached_property
    def number(self) -> int:
        asked = self.request.GET.get("page", "")
        return min(max(int(asked), 1), PAGE_LIMIT) if asked.isascii() and asked.isdecimal() else 1

    # --- The rows ------------------------------------------------------------------------------
    @cached_property
    def matching(self) -> QuerySet:
        if self.form and self.form.refused:
            return self.all_rows.none()
        rows = self.form.apply(self.all_rows) if self.form else self.all_rows
        if self.q:
            rows = rows.filter(reduce(or_, (Q(**{f"{name}__icontains": self.q}) for name in self.search)))
        return rows

    @cached_property
    def _window(self) -> list[Any]:
        """One row more than is shown, which tells whether there is a next page."""
        rows, key = self.matching, self.sort.removeprefix("-")
        if key in self.sorts:
            paths = self.sorts[key]
            paths = (paths,) if isinstance(paths, str) else tuple(paths)
            if self.sort.startswith("-"):
                paths = tuple(path.removeprefix("-") if path.startswith("-") else f"-{path}" for path in paths)
            rows = rows.order_by(*paths, "pk")
        start = (self.number - 1) * self.size
        return list(rows[start : start + self.size + 1])

    @cached_property
    def rows(self) -> list[Any]:
        return self._window[: self.size]

    @cached_property
    def total(self) -> int:
        """Exact up to COUNT_LIMIT; no query when the first page holds everything."""
        if self.number == 1 and len(self._window) <= self.size:
            return len(self._window)
        return self.matching.order_by()[: COUNT_LIMIT + 1].count()

    @property
    def total_text(self) -> str:
        count = f"{number(COUNT_LIMIT)}+" if self.total > COUNT_LIMIT else number(self.total)
        return f"{count} {self.nouns[0] if self.total == 1 else self.nouns[1]}"

    # --- What the template asks ----------------------------------------------------------------
    @cached_property
    def is_filtered(self) -> bool:
        return bool(self.q or (self.form and (self.form.chosen or self.form.refused)))

    @property
    def is_empty(self) -> bool:
        """There is nothing at all; `nothing_matches` says that the filters hide everything."""
        return not self.rows and not self.is_filtered and self.number == 1

    @property
    def nothing_matches(self) -> bool:
        return not self.rows and not self.is_empty

    def url(self, **changes: Any) -> str:
        return self.request.path + build_query(self.request.GET, **changes)

    @property
    def clear_url(self) -> str:
        return self.request.path + (build_query(QueryDict(), **dict(self.kept)) if self.kept else "")

    @property
    def columns(self) -> list[dict[str, Any]]:
        return [self._heading(column) for column in self.columns_given]

    def _heading(self, column: Column) -> dict[str, Any]:
        heading: dict[str, Any] = {
            "label": column.label,
            "numeric": column.numeric,
            "hidden_label": column.hidden_label,
        }
        if column.sort:
            ascending = self.sort == column.sort
            heading["url"] = self.url(sort=f"-{column.sort}" if ascending else column.sort)
            heading["order"] = "ascending" if ascending else "descending" if self.sort == f"-{column.sort}" else ""
        return heading

    @property
    def pager(self) -> dict[str, Any]:
        start = (self.number - 1) * self.size
        more = len(self._window) > self.size and self.number < PAGE_LIMIT
        return {
            "previous": self.url(page=self.number - 1) if self.number > 1 else "",
            "next": self.url(page=self.number + 1) if more else "",
            "text": f"{number(start + 1)}–{number(start + len(self.rows))} of {self.total_text}" if self.rows else "",
            "sizes": [{"size": n, "url": self.url(size=n), "current": n == self.size} for n in self.sizes_allowed],
            "shown": self.total > min(self.sizes_allowed) or self.number > 1,
        }

    def render(self, context: Mapping[str, Any] | None = None) -> HttpResponse:
        return render_page(self.request, self.template, {"listing": self, **(context or {})}, fragment=self.fragment)
