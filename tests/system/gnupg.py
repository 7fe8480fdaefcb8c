"""GnuPG, with the keys of one person."""

from __future__ import annotations

import email
import email.policy
import os
import subprocess
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ondemand_attach import Message


@dataclass(frozen=True)
class Ring:
    """A GnuPG of somebody's own."""

    folder: Path

    def gpg(self, *arguments: str | Path, content: bytes = b"", password: str = "") -> tuple[int, bytes, str]:
        options = ("--batch", "--yes", "--no-tty", "--pinentry-mode", "loopback", "--passphrase", password)
        done = subprocess.run(
            ["gpg", *options, "--status-fd", "2", *arguments],
            check=False,
            input=content,
            capture_output=True,
            env=os.environ | {"GNUPGHOME": str(self.folder), "LC_ALL": "C"},
            timeout=60,
        )
        return done.returncode, done.stdout, done.stderr.decode(errors="replace")

    def make(self, address: str, kind: str = "default", *, password: str = "", end: str = "1y") -> None:
        """Make a key to certify and sign with, and one to encrypt to."""
        user_id = f"Somebody <{address}>"
        algorithm, usage = (kind, "default") if kind == "default" else (kind, "cert,sign")
        assert self.gpg("--quick-gen-key", user_id, algorithm, usage, end, password=password)[0] == 0
        if kind != "default":
            fingerprint = (
                self.gpg("--with-colons", "--list-keys", address)[1].decode().split("fpr:::::::::")[1]
            )
            subkey = {"ed25519": "cv25519"}.get(kind, kind)
            added = self.gpg(
                "--quick-add-key", fingerprint.split(":")[0], subkey, "encr", end, password=password
            )
            assert added[0] == 0, added

    def public(self, address: str) -> bytes:
        return self.gpg("--export", "--armor", address)[1]

    def secret(self, address: str, password: str = "") -> bytes:
        return self.gpg("--export-secret-keys", address, password=password)[1]

    def decrypted(self, message: Message) -> bytes | None:
        armored = parsed(message.content).get_payload(1).get_payload().encode()
        status, content, _ = self.gpg("--decrypt", content=armored)
        return content if status == 0 else None

    def holds(self, content: bytes) -> bool:
        """Whether the signature of a multipart/signed holds."""
        boundary = parsed(content).get_boundary().encode()
        entity, signature = content.split(b"\r\n--" + boundary)[1:3]
        (self.folder / "entity").write_bytes(entity.removeprefix(b"\r\n"))
        (self.folder / "signature").write_bytes(signature.partition(b"\r\n\r\n")[2])
        status, _, said = self.gpg("--verify", self.folder / "signature", self.folder / "entity")
        return status == 0 and "[GNUPG:] VALIDSIG" in said


def parsed(content: bytes) -> Any:
    return email.message_from_bytes(content, policy=email.policy.default)
