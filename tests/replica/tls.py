"""A proxy that answers for hosts of the real web, over TLS, on this machine.

Clients hard-code addresses such as https://duckduckgo.com. Sent through this proxy they connect as ever; it
accepts CONNECT and speaks TLS itself, with a certificate of a throw-away authority. So not a line of a
client has to be replaced to test it.
"""

from __future__ import annotations

import contextlib
import re
import socket
import ssl
import threading
from pathlib import Path

import trustme


class Replica:
    """Context manager; ``proxy`` and ``authority`` (a PEM file) are what a client needs to be sent here.

    Subclasses name their ``hosts`` and define ``answer(host, method, target, body) -> (status, headers, body)``.
    ``refused`` lists hosts that were asked for and are none of these.
    """

    hosts: tuple[str, ...] = ()

    def __init__(self, folder: Path) -> None:
        self.refused: list[str] = []
        self._tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        authority = trustme.CA()
        authority.issue_cert(*self.hosts).configure_cert(self._tls)
        self.authority = str(folder / "authority.pem")
        authority.cert_pem.write_to_path(self.authority)
        self._socket = socket.create_server(("127.0.0.1", 0))
        self.proxy = f"http://127.0.0.1:{self._socket.getsockname()[1]}"

    def answer(self, host: str, method: str, target: str, body: bytes) -> tuple[int, dict[str, str], bytes]:
        raise NotImplementedError

    def __enter__(self):
        threading.Thread(target=self._accept, daemon=True).start()
        return self

    def __exit__(self, *_):
        self._socket.close()

    def _accept(self) -> None:
        with contextlib.suppress(OSError):
            while True:
                client, _ = self._socket.accept()
                threading.Thread(target=self._serve, args=(client,), daemon=True).start()

    def _serve(self, client: socket.socket) -> None:
        with client, contextlib.suppress(OSError):
            head, _ = _request(client)
            host = head.split()[1].decode().rpartition(":")[0] if head else ""
            if host not in self.hosts:
                self.refused.append(host)
                return
            client.sendall(b"HTTP/1.1 200 Connection established\r\n\r\n")
            with self._tls.wrap_socket(client, server_side=True) as secure:
                while True:
                    head, body = _request(secure)
                    if not head:
                        return
                    method, target, _ = head.split(b"\r\n")[0].decode().split()
                    status, headers, content = self.answer(host, method, target, body)
                    headers = {"Content-Length": str(len(content)), **headers}
                    top = "".join(f"{name}: {value}\r\n" for name, value in headers.items())
                    secure.sendall(f"HTTP/1.1 {status} x\r\n{top}\r\n".encode() + content)


def _request(connection) -> tuple[bytes, bytes]:
    data = b""
    while b"\r\n\r\n" not in data:
        chunk = connection.recv(65536)
        if not chunk:
            return b"", b""
        data += chunk
    head, _, body = data.partition(b"\r\n\r\n")
    length = re.search(rb"(?i)content-length: (\d+)", head)
    while length and len(body) < int(length[1]):
        body += connection.recv(65536)
    return head, body
