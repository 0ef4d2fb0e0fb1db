"""The app as the host sees it: it registers the blueprints; it reads and builds nothing."""

from __future__ import annotations

import azure.functions as func

from shared.triggers import bus, console, ops, ops_api, push, timer, web

app = func.FunctionApp(http_auth_level=func.AuthLevel.FUNCTION)
app.register_functions(web.blueprint)
app.register_functions(ops.blueprint)
app.register_functions(ops_api.blueprint)
app.register_functions(console.blueprint)
app.register_functions(push.blueprint)
app.register_functions(timer.blueprint)
app.register_functions(bus.blueprint)
