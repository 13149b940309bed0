"""A mail server of one's own for tests: real sockets, just enough SMTP (RFC 5321) to be spoken to."""

import contextlib
import email
import email.policy
import socketserver
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from email.message import EmailMessage


@dataclass
class MailServer:
    port: int
    letters: list[tuple[str, EmailMessage]] = field(default_factory=list)  # (recipient, letter)


@contextlib.contextmanager
def receiving(refuse: Callable[[str], str] = lambda recipient: "") -> Iterator[MailServer]:
    """Takes every letter while the block runs. `refuse(recipient)` may answer an error ("450 later") instead."""
    server = MailServer(0)

    class Handler(socketserver.StreamRequestHandler):
        def handle(self) -> None:
            self.say("220 mail.test ESMTP")
            recipients: list[str] = []
            for raw in self.rfile:
                line = raw.decode().strip()
                word = line[:4].upper()
                if word == "RCPT":
                    recipient = line.partition("<")[2].partition(">")[0]
                    error = refuse(recipient)
                    if not error:
                        recipients.append(recipient)
                    self.say(error or "250 OK")
                elif word == "DATA":
                    self.say("354 go on")
                    self.take(recipients)
                    recipients = []
                    self.say("250 OK")
                elif word == "QUIT":
                    self.say("221 bye")
                    return
                else:
                    self.say("250 mail.test")

        def take(self, recipients: list[str]) -> None:
            lines = []
            for raw in self.rfile:
                if raw.rstrip(b"\r\n") == b".":
                    break
                lines.append(raw[1:] if raw.startswith(b"..") else raw)
            letter = email.message_from_bytes(b"".join(lines), policy=email.policy.default)
            server.letters.extend((recipient, letter) for recipient in recipients)

        def say(self, text: str) -> None:
            self.wfile.write(f"{text}\r\n".encode())

    with socketserver.ThreadingTCPServer(("127.0.0.1", 0), Handler) as listening:
        listening.daemon_threads = True
        server.port = listening.server_address[1]
        thread = threading.Thread(target=listening.serve_forever, args=(0.05,), daemon=True)
        thread.start()
        try:
            yield server
        finally:
            listening.shutdown()
            thread.join()
