"""Mail from a mailbox: Microsoft Graph v1.0, "user: sendMail".

202 says accepted, not delivered. The call has no idempotency key and is never repeated after a
lost reply; 429 is, for it was not carried out.
"""

from __future__ import annotations

from collections.abc import Sequence

import httpx

from shared.errors import Permanent
from shared.vendors.graph import paths
from shared.vendors.graph.client import Graph
from shared.vendors.graph.refusals import NotVisible, Refused


async def send(
    graph: Graph, sender: str, to: Sequence[str], *, subject: str, text: str, keep: bool = True
) -> None:
    """Send plain text from the mailbox `sender`; Exchange keeps a copy in its Sent Items.

    Without `keep` it keeps none.

    Raises Permanent when the mailbox is not there or not ours to use, UnknownReply when nobody
    knows, or what `rest.persist` raises.
    """
    message = {
        "subject": subject,
        "body": {"contentType": "Text", "content": text},
        "toRecipients": [{"emailAddress": {"address": address}} for address in to],
    }
    body = {"message": message} if keep else {"message": message, "saveToSentItems": False}
    try:
        await graph.call("POST", paths.SEND_MAIL, at={"user": sender}, json=body)
    except NotVisible as error:
        told = "the mailbox that notices are sent from is not there: mend MAIL_SENDER, or "
        raise Permanent(f"{told}notices.sender in the policy", mender="settings") from error
    except Refused as error:
        if error.refusal.status != httpx.codes.FORBIDDEN:
            raise
        told = "the app may not send from this mailbox: give it the role Application Mail.Send "
        raise Permanent(f"{told}over it, see docs/notices.md", mender="operator") from error
