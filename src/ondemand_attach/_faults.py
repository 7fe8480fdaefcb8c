"""What can go wrong on the way to a server, in words, and whether the same may go well later.

An outage ends by itself, a wrong set-up does not: an untrusted certificate, a host that does not exist, a
port where nobody speaks TLS. So only outages are temporary, whoever was asked: a mail server, a provider, a
time stamp authority, an OCSP responder. No text here is the server's, which might name somebody.
"""

from __future__ import annotations

import errno
import http.client
import os
import socket
import ssl
from typing import Final, NamedTuple

from ondemand_attach._origins import told as told_of

UNCERTAIN: Final = "it may have taken the message, so to send that again may deliver it twice"

_RENEWED: Final = {9, 10, 11, 12}
"""OpenSSL's X509_V_ERR_… for certificates and lists that are not yet or no longer valid. Whoever runs the
server renews them, and a clock is set right, without a change here."""
_OTHER_NAME: Final = {62, 64}  # host name, IP address


_BUSY: Final = {408, 425, 429}
_UNABLE: Final = {501, 505, 506, 508, 510, 511}
"""What a server does not know how to do, or a network that wants a login (RFC 6585 section 6) says for it."""
_MISTAKES: Final = (LookupError, NameError, AttributeError, TypeError, ImportError)
"""What is raised where a variable of the environment is missing, or by code that is wrong."""


class Fault(NamedTuple):
    """What went wrong.

    Args:
        text: what, and what to do.
        is_temporary: whether the same may go well later, with nothing changed here.
    """

    text: str
    is_temporary: bool


class Advice(NamedTuple):
    """What to do where that depends on who was asked.

    Args:
        port: where nobody speaks TLS.
        authority: to trust an authority of one's own.
        client: where a certificate of the client is wanted.
    """

    port: str = "see the port in the URL"
    authority: str = "give ssl_context=ssl.create_default_context(cafile=…)"
    client: str = "load it into ssl_context= with load_cert_chain()"


_USUAL: Final = Advice()
_CLOSED: Final = Fault("the other side closed the connection", is_temporary=True)
_UNANSWERED: Final = Fault("no answer in time", is_temporary=True)
_NO_WAY: Final = Fault(
    "no way leads there; see the network of this machine, its routes and firewalls", is_temporary=True
)
_NO_HTTP: Final = Fault("the answer is not HTTP; see that the URL is the right one", is_temporary=True)
_SHORT: Final = Fault("this machine is short of memory or ports for connections", is_temporary=True)
_FORBIDDEN: Final = Fault(
    "this machine does not allow the connection; open its firewall or sandbox for it", is_temporary=False
)
_FOREIGN: Final = Fault(
    "this machine cannot use addresses of that kind, such as IPv6; name another host", is_temporary=False
)
_BY_ERRNO: Final = {
    errno.ECONNREFUSED: Fault(
        "connection refused: nothing listens at this port; see that the server runs, and the port in the URL",
        is_temporary=True,
    ),
    errno.EMFILE: Fault(
        "this process has too many files open; raise its limit (ulimit -n), or send from fewer threads",
        is_temporary=True,
    ),
    **dict.fromkeys(
        (errno.ECONNRESET, errno.ECONNABORTED, errno.EPIPE, errno.ESHUTDOWN, errno.ENOTCONN), _CLOSED
    ),
    errno.ETIMEDOUT: _UNANSWERED,
    **dict.fromkeys((errno.ENETUNREACH, errno.EHOSTUNREACH, errno.ENETDOWN, errno.EHOSTDOWN), _NO_WAY),
    **dict.fromkeys((errno.ENFILE, errno.ENOBUFS, errno.ENOMEM, errno.EADDRNOTAVAIL, errno.EAGAIN), _SHORT),
    **dict.fromkeys((errno.EACCES, errno.EPERM), _FORBIDDEN),
    **dict.fromkeys((errno.EAFNOSUPPORT, errno.EPROTONOSUPPORT, errno.EPFNOSUPPORT), _FOREIGN),
}

_UNKNOWN_HOST: Final = {
    getattr(socket, name) for name in ("EAI_NONAME", "EAI_NODATA", "EAI_ADDRFAMILY") if hasattr(socket, name)
}

_NO_TLS: Final = "it does not speak TLS at this port: {advice.port}"
_OLD_TLS: Final = "it speaks no TLS of version 1.2 or newer; it must be brought up to date"
_NOTHING_SHARED: Final = (
    "both sides have no cipher or kind of key in common, or it wants a client certificate; compare the "
    "TLS settings of both"
)
_CLIENT: Final = "it wants another client certificate, or one at all; {advice.client}"
_TLS_SET_UP: Final = {
    reason: text
    for text, reasons in {
        _NO_TLS: "WRONG_VERSION_NUMBER HTTP_REQUEST HTTPS_PROXY_REQUEST UNKNOWN_PROTOCOL",
        _OLD_TLS: """
            UNSUPPORTED_PROTOCOL NO_PROTOCOLS_AVAILABLE TLSV1_ALERT_PROTOCOL_VERSION VERSION_TOO_LOW
            WRONG_SSL_VERSION UNKNOWN_SSL_VERSION UNSUPPORTED_SSL_VERSION""",
        _NOTHING_SHARED: """
            SSLV3_ALERT_HANDSHAKE_FAILURE TLSV1_ALERT_INSUFFICIENT_SECURITY INSUFFICIENT_SECURITY
            NO_SHARED_CIPHER NO_CIPHERS_AVAILABLE NO_SHARED_GROUPS NO_SUITABLE_GROUPS WRONG_CURVE
            NO_SUITABLE_SIGNATURE_ALGORITHM NO_SHARED_SIGNATURE_ALGORITHMS WRONG_SIGNATURE_TYPE
            DH_KEY_TOO_SMALL EE_KEY_TOO_SMALL CA_KEY_TOO_SMALL CA_MD_TOO_WEAK
            UNSAFE_LEGACY_RENEGOTIATION_DISABLED LEGACY_SIGALG_DISALLOWED_OR_UNSUPPORTED""",
        _CLIENT: """
            SSLV3_ALERT_BAD_CERTIFICATE SSLV3_ALERT_CERTIFICATE_EXPIRED SSLV3_ALERT_CERTIFICATE_REVOKED
            SSLV3_ALERT_CERTIFICATE_UNKNOWN SSLV3_ALERT_NO_CERTIFICATE SSLV3_ALERT_UNSUPPORTED_CERTIFICATE
            TLSV13_ALERT_CERTIFICATE_REQUIRED TLSV1_ALERT_ACCESS_DENIED TLSV1_ALERT_UNKNOWN_CA
            TLSV1_CERTIFICATE_UNOBTAINABLE""",
        "it knows nobody of this name; see the host in the URL": "TLSV1_UNRECOGNIZED_NAME",
    }.items()
    for reason in reasons.split()
}


def fault(error: BaseException, advice: Advice = _USUAL) -> Fault:
    """Say what *error*, which is not the server's answer, means.

    Args:
        error: what was raised.
        advice: what to do.
    """
    match error:
        case TimeoutError():
            told = _UNANSWERED
        case ssl.SSLError():
            told = _of_tls(error, advice)
        case socket.gaierror():
            told = _of_name(error)
        case OSError():
            told = _of_system(error)
        case http.client.HTTPException():
            told = _NO_HTTP
        case _:
            told = Fault(f"a fault of this library, {told_of(error)}", is_temporary=False)
    return told


def may_pass(status: int) -> bool:
    """Whether what an HTTP *status* tells of may end by itself."""
    return status in _BUSY or (status >= 500 and status not in _UNABLE)


def is_outage(error: BaseException) -> bool:
    """Whether *error*, of the application's callable, is an outage of a vault, a network or the like.

    What is a fault in the application's code or settings is none.
    """
    return not isinstance(error, _MISTAKES)


def _of_system(error: OSError) -> Fault:
    if error.errno is None:
        return _CLOSED
    lost = Fault(f"connection lost: {os.strerror(error.errno)}", is_temporary=True)
    return _BY_ERRNO.get(error.errno, lost)


def _of_certificate(error: ssl.SSLCertVerificationError, advice: Advice) -> Fault:
    code, said = error.verify_code, error.verify_message or "it could not be verified"
    if code in _RENEWED:
        todo = "whoever runs the server renews it, unless the clock of this machine is wrong"
    elif code in _OTHER_NAME:
        todo = "write the name that it is made out to into the URL, or have it made out to this one"
    else:
        todo = f"if it is of an authority of your own, {advice.authority}; if not, somebody may be in between"
    return Fault(f"untrusted certificate: {said.rstrip('.')}; {todo}", is_temporary=code in _RENEWED)


def _of_tls(error: ssl.SSLError, advice: Advice) -> Fault:
    if isinstance(error, ssl.SSLCertVerificationError):
        return _of_certificate(error, advice)
    reason = error.reason or ""
    if reason in _TLS_SET_UP:
        return Fault(_TLS_SET_UP[reason].format(advice=advice), is_temporary=False)
    if isinstance(error, ssl.SSLEOFError | ssl.SSLZeroReturnError) or not reason:
        return _CLOSED
    return Fault(f"the TLS connection broke: {reason.replace('_', ' ').lower()}", is_temporary=True)


def _of_name(error: socket.gaierror) -> Fault:
    if error.errno in _UNKNOWN_HOST:
        return Fault("unknown host name; see its spelling in the URL", is_temporary=False)
    return Fault(
        "the name server does not answer; see the network and the resolver of this machine", is_temporary=True
    )
