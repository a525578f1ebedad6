"""Is it alive, is it ready, what has it done, and what does it offer."""

from __future__ import annotations

from typing import Any

from fastapi import APIRouter, Request
from fastapi.responses import HTMLResponse, JSONResponse, Response
from prometheus_client import CONTENT_TYPE_LATEST

from clara.resources import version
from clara.service.routes.page import render
from clara.service.routes.shared import PROBLEMS, service_of

router = APIRouter(tags=["Operation"])


@router.get("/health")
async def health() -> dict[str, Any]:
    """The process is alive."""
    return {"status": "ok", "version": version()}


@router.get("/ready", responses={503: {"description": "not ready; `reason` says why"}})
async def ready(request: Request) -> JSONResponse:
    """Questions can be answered: warmed up, and the model server and the knowledge base reply."""
    obstacle = await service_of(request).obstacle()
    if obstacle:
        return JSONResponse({"status": "not ready", "reason": obstacle}, 503, {"Retry-After": "2"})
    return JSONResponse({"status": "ready"})


@router.get("/metrics", response_class=Response, responses={401: PROBLEMS[401]})
async def metrics(request: Request) -> Response:
    """Figures in the text format of Prometheus."""
    return Response(service_of(request).metrics.page(), media_type=CONTENT_TYPE_LATEST)


@router.get("/", include_in_schema=False)
@router.get("/docs", include_in_schema=False)
async def page(request: Request) -> HTMLResponse:
    """The interface as a page for people, generated from /openapi.json; it loads nothing from elsewhere."""
    html = render(request.app.openapi())
    return HTMLResponse(html, headers={"Content-Security-Policy": "default-src 'none'; style-src 'unsafe-inline'"})
