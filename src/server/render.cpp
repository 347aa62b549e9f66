// From reply to wire bytes.
#include "server/render.hpp"

#include <algorithm>
#include <array>
#include <cstring>

#include "dns/builder.hpp"

namespace nld::server {
namespace {

namespace flag = dns::flag;

constexpr std::size_t kErrorOption = 6;     // code, length, INFO-CODE
constexpr std::size_t kMaxErrorText = 255;  // what `template` takes at most

/// Flags of every answer: ours (QR, RA: we do offer recursion), the client's RD and CD (RFC 4035 §3.2.2).
std::uint16_t base_flags(const dns::Query& query) noexcept {
  return static_cast<std::uint16_t>(flag::QR | flag::RA | (query.header.flags & (flag::RD | flag::CD)));
}

/// What the stored message's own flags add.
std::uint16_t inherited_flags(const dns::Query& query, const pipeline::Reply& reply) noexcept {
  std::uint16_t kept = flag::TC;
  // AD is for those who show that they understand it (RFC 6840 §5.7).
  if (query.dnssec_ok() || query.header.has(flag::AD)) kept |= flag::AD;
  // A cache is no authority for what it holds (RFC 1035 §4.1.1); CoreDNS sets AA on cached answers.
  if (reply.plugin != "cache") kept |= flag::AA;
  return dns::get16(reply.answer->wire(), 2) & kept;
}

void put_header(dns::MutableBytes out, std::uint16_t id, std::uint16_t flags) noexcept {
  dns::put16(out, 0, id);
  dns::put16(out, 2, flags);
}

/// Header and question, no records.
std::size_t put_question(const dns::Query& query, std::uint16_t flags, dns::MutableBytes out) noexcept {
  std::ranges::fill(out.first(dns::kHeaderSize), std::uint8_t{0});
  put_header(out, query.header.id, flags);
  dns::put16(out, 4, 1);
  const dns::Bytes question = query.question();
  std::memcpy(out.data() + dns::kHeaderSize, question.data(), question.size());
  return dns::kHeaderSize + question.size();
}

std::size_t put_answer(const pipeline::Request& request, const pipeline::Reply& reply, std::uint16_t flags,
                       dns::MutableBytes out) noexcept {
  const dns::Bytes wire = reply.answer->wire();
  std::memcpy(out.data(), wire.data(), wire.size());
  put_header(out, request.query.header.id, flags);
  // The client's own spelling: some check it (0x20), and names in the answer point at it.
  const dns::Bytes question = request.query.question();
  std::memcpy(out.data() + dns::kHeaderSize, question.data(), question.size());
  if (reply.ttl) {
    for (const std::uint16_t offset : reply.answer->ttl_offsets()) dns::put32(out, offset, *reply.ttl);
  }
  return wire.size();
}

/// Fills a message of `size` octets whose last `opt_size` are its OPT up to a multiple of kPaddingBlock.
std::size_t pad(dns::MutableBytes out, std::size_t size, std::size_t opt_size) noexcept {
  const std::size_t bare = size + 4;
  const std::size_t padding = (kPaddingBlock - bare % kPaddingBlock) % kPaddingBlock;
  if (bare + padding > out.size()) return size;
  dns::put16(out, size, static_cast<std::uint16_t>(dns::OptionCode::padding));
  dns::put16(out, size + 2, static_cast<std::uint16_t>(padding));
  std::ranges::fill(out.subspan(bare, padding), std::uint8_t{0});
  const std::size_t options = opt_size - dns::kOptSize + 4 + padding;
  dns::put16(out, size - opt_size + dns::kOptSize - 2, static_cast<std::uint16_t>(options));
  return bare + padding;
}

}  // namespace

std::size_t size_limit(const pipeline::Request& request) noexcept {
  if (request.transport == pipeline::Transport::tcp) return dns::kMaxMessageSize;
  if (!request.query.edns) return dns::kPlainUdpSize;
  return std::clamp<std::size_t>(request.query.edns->udp_size, dns::kPlainUdpSize, kMaxUdpAnswer);
}

Rendered render(const pipeline::Request& request, const pipeline::Reply& reply,
                dns::MutableBytes out) noexcept {
  const dns::Query& query = request.query;
  std::array<std::uint8_t, kErrorOption + kMaxErrorText> option_space;
  std::size_t option_size = 0;
  if (query.edns && reply.extended_error) {
    option_size = dns::encode_extended_error(option_space, *reply.extended_error, reply.extended_error_text);
  }
  const std::size_t opt_size = query.edns ? dns::kOptSize + option_size : 0;
  const std::size_t limit = std::min(size_limit(request), out.size());

  auto flags = static_cast<std::uint16_t>(base_flags(query) |
                                          (static_cast<std::uint16_t>(reply.rcode) & flag::kRcodeMask));
  std::size_t size = 0;
  if (reply.answer) {
    flags |= inherited_flags(query, reply);
    if (reply.answer->wire().size() + opt_size <= limit) {
      size = put_answer(request, reply, flags, out);
    } else {
      flags |= flag::TC;
    }
  }
  // An empty answer with TC sends the client to TCP; a partial one would be used by some as it is.
  if (size == 0) size = put_question(query, flags, out);
  if (query.edns) {
    const auto extended = static_cast<std::uint8_t>(static_cast<std::uint16_t>(reply.rcode) >> 4U);
    size = dns::append_opt(out.first(limit), size, kOwnUdpSize, extended, query.edns->dnssec_ok,
                           dns::Bytes(option_space).first(option_size));
    // Only for those who pad too, and where nobody sees it but them (RFC 7830 §4, RFC 8467 §4.1).
    if (request.encrypted && dns::find_option(query.edns->options, dns::OptionCode::padding)) {
      size = pad(out.first(limit), size, opt_size);
    }
  }
  return {size, flags, reply.rcode};
}

std::optional<dns::Rcode> rcode_for(dns::QueryFault fault) noexcept {
  switch (fault) {
    case dns::QueryFault::too_short:
    case dns::QueryFault::response:
      // Answering these would let two servers answer each other for ever.
      return std::nullopt;
    case dns::QueryFault::opcode:
      return dns::Rcode::NOTIMP;
    case dns::QueryFault::question_count:
    case dns::QueryFault::question:
    case dns::QueryFault::records:
    case dns::QueryFault::edns:
      return dns::Rcode::FORMERR;
  }
  return std::nullopt;
}

std::size_t render_fault(dns::Bytes packet, dns::QueryFault fault, dns::MutableBytes out) noexcept {
  const std::optional<dns::Rcode> rcode = rcode_for(fault);
  if (!rcode || packet.size() < dns::kHeaderSize) return 0;
  const dns::Header header = dns::read_header(packet);
  std::ranges::fill(out.first(dns::kHeaderSize), std::uint8_t{0});
  put_header(out, header.id,
             static_cast<std::uint16_t>(flag::QR | (header.flags & (flag::kOpcodeMask | flag::RD)) |
                                        static_cast<std::uint16_t>(*rcode)));
  return dns::kHeaderSize;
}

}  // namespace nld::server
