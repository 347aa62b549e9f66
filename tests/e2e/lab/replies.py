"""Builds what scripted upstream servers answer."""

import dns.flags
import dns.message
import dns.rcode
import dns.rrset

SOA = "ns.example.test. host.example.test. 1 7200 3600 86400 {minimum}"


def reply(query, *records, rcode="NOERROR", authority=(), flags=("RA",), options=()):
    """A response to `query` (a dns.message); records are zone-file lines "name ttl type rdata"."""
    response = dns.message.make_response(query, recursion_available="RA" in flags)
    if query.edns >= 0:
        response.use_edns(0, ednsflags=query.ednsflags, payload=1232, options=list(options))
    response.set_rcode(dns.rcode.from_text(rcode))
    for flag in flags:
        response.flags |= dns.flags.from_text(flag)
    for section, lines in ((response.answer, records), (response.authority, authority)):
        for line in lines:
            name, ttl, kind, data = line.split(None, 3)
            section.append(dns.rrset.from_text(name, int(ttl), "IN", kind, data))
    return response


def address(query, ip="192.0.2.1", ttl=60, **more):
    """One A (or AAAA) record at the name asked for."""
    kind = "AAAA" if ":" in ip else "A"
    return reply(query, f"{query.question[0].name} {ttl} {kind} {ip}", **more)


def soa(ttl=60, minimum=60, zone="example.test."):
    return f"{zone} {ttl} SOA " + SOA.format(minimum=minimum)


def nxdomain(query, ttl=60, minimum=60, **more):
    return reply(query, rcode="NXDOMAIN", authority=[soa(ttl, minimum)], **more)


def nodata(query, ttl=60, minimum=60, **more):
    return reply(query, authority=[soa(ttl, minimum)], **more)


def failure(query, rcode="SERVFAIL", **more):
    return reply(query, rcode=rcode, **more)


def truncated(query, *records):
    return reply(query, *records, flags=("RA", "TC"))


def many_addresses(query, count, ttl=60):
    """Enough A records to outgrow a UDP answer: 16 octets each."""
    name = query.question[0].name
    response = reply(query)
    response.answer.append(dns.rrset.from_text_list(
        name, ttl, "IN", "A", [f"198.51.{n // 256}.{n % 256}" for n in range(count)]))
    return response
