"""`muniment:RebuildProjection` and `muniment:DescribeRebuild`: a read model is made anew from the log beside the live one."""

from typing import Any

from muniment.domain.resource import Resource
from muniment.projections.query import Asked, Query, Views


class RebuildQuery(Query, frozen=True, kw_only=True, rename="pascal"):
    """An operation on this process's read models; it changes nothing that the log holds."""

    service = "muniment"

    def resources(self, views: Views, asked: Asked) -> tuple[Resource, ...]:
        return (Resource("*"),)


class RebuildProjection(RebuildQuery, frozen=True, kw_only=True, rename="pascal"):
    """Begin to rebuild a read model from the log: beside the live one, compared with it, then swapped. No read fails.

    The models that share the fold (access, credentials, directory) are rebuilt together. One rebuild at a time:
    refused with RebuildRunning.
    """

    projection: str

    def answer(self, views: Views, asked: Asked) -> dict[str, Any]:
        progress: dict[str, Any] = views.rebuilds.start(self.projection)
        return progress


class DescribeRebuild(RebuildQuery, frozen=True, kw_only=True, rename="pascal"):
    """How far the rebuild is that runs, or how the last one ended."""

    def answer(self, views: Views, asked: Asked) -> dict[str, Any]:
        progress: dict[str, Any] = views.rebuilds.describe()
        return progress
