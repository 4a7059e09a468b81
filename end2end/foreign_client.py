"""Sends usage events as a stranger would: signed by the public library for Standard Webhooks.

Needs BASE_URL, GENESIS_WEBHOOK_SECRET (whsec_...) and the package `standardwebhooks`; script/test provides all three.
"""

import json
import os
import sys
import urllib.error
import urllib.request
import uuid
from datetime import datetime, timedelta, timezone

from standardwebhooks.webhooks import Webhook

URL = os.environ["BASE_URL"].rstrip("/") + "/agent-usage/events"
WEBHOOK = Webhook(os.environ["GENESIS_WEBHOOK_SECRET"])
OPENER = urllib.request.build_opener(urllib.request.ProxyHandler({}))


def event(now):
    """One usage event of a new user, as JSON text."""
    return json.dumps(
        {
            "user_id": f"foreign_{uuid.uuid4().hex[:8]}",
            "agent_id": "NEXUS",
            "session_id": "foreign-client",
            "tokens_used": 1234,
            "response_time_ms": 870,
            "timestamp": now.isoformat(timespec="seconds").replace("+00:00", "Z"),
            "subscription_tier": "pro",
            "context": {"nota": "señal de fuera"},
        },
        ensure_ascii=False,
    )


def post(body, webhook_id, at, signature):
    """Posts a body; the answer's status and content."""
    request = urllib.request.Request(
        URL,
        data=body.encode(),
        method="POST",
        headers={
            "content-type": "application/json",
            "webhook-id": webhook_id,
            "webhook-timestamp": str(int(at.timestamp())),
            "webhook-signature": signature,
        },
    )
    try:
        with OPENER.open(request, timeout=10) as answer:
            return answer.status, json.load(answer)
    except urllib.error.HTTPError as answer:
        text = answer.read().decode(errors="replace")
        try:
            return answer.code, json.loads(text)
        except ValueError:
            return answer.code, {"not JSON": text[:200]}


def check(what, got, status, outcome=None):
    """Fails with what was got, unless it is what was expected."""
    if got[0] != status or (outcome and got[1].get("status") != outcome):
        sys.exit(f"{what}: expected {status} {outcome or ''}, got {got}")
    print(f"    {what}: {got[0]} {got[1].get('status', '')}")


def main():
    now = datetime.now(timezone.utc)
    webhook_id = f"msg_{uuid.uuid4().hex}"
    body = event(now)
    signature = WEBHOOK.sign(webhook_id, now, body)
    check("signed by the library", post(body, webhook_id, now, signature), 200, "success")
    check("the same again", post(body, webhook_id, now, signature), 200, "duplicate")
    check("tampered body", post(body.replace("1234", "9999"), webhook_id, now, signature), 401)
    check("other id", post(body, webhook_id + "x", now, signature), 401)
    check("several signatures", post(body, webhook_id, now, "v1,AAAA " + signature), 200, "duplicate")
    stale = now - timedelta(seconds=400)
    check("stale", post(body, webhook_id, stale, WEBHOOK.sign(webhook_id, stale, body)), 401)


main()
