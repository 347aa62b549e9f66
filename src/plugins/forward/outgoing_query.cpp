// Header, question and OPT of a forwarded query.
#include "plugins/forward/outgoing_query.hpp"

#include <algorithm>

#include "dns/builder.hpp"

namespace nld::plugins {
namespace {

// Options between neighbours (RFC 5001, 7873, 7828, 7830): the client's say nothing about our own hop.
bool is_hop_by_hop(dns::OptionCode code) noexcept {
  switch (code) {
    case dns::OptionCode::nsid:
    case dns::OptionCode::cookie:
    case dns::OptionCode::tcp_keepalive:
    case dns::OptionCode::padding:
      return true;
    default:
      return false;
  }
}

/// `own`: those of `options` that rules of ours put there. Asking a neighbour for its name is up to us
/// (RFC 5001 §2.1).
std::size_t copy_end_to_end(dns::Bytes options, dns::Bytes own, dns::MutableBytes out) noexcept {
  std::size_t size = 0;
  while (const auto option = dns::next_option(options)) {
    const bool asks_name =
        option->code == dns::OptionCode::nsid && dns::find_option(own, dns::OptionCode::nsid).has_value();
    if (is_hop_by_hop(option->code) && !asks_name) continue;
    const std::size_t end = size + 4 + option->data.size();
    if (end > out.size()) return 0;
    dns::put16(out, size, static_cast<std::uint16_t>(option->code));
    dns::put16(out, size + 2, static_cast<std::uint16_t>(option->data.size()));
    std::ranges::copy(option->data, out.begin() + static_cast<std::ptrdiff_t>(size) + 4);
    size = end;
  }
  return size;
}

/// Adds a padding option to options of `size` octets: `before` octets of the message come ahead of them.
std::size_t pad(std::size_t before, std::size_t size, dns::MutableBytes out) noexcept {
  constexpr std::size_t kBlock = OutgoingQuery::kPaddingBlock;
  const std::size_t bare = before + size + 4;
  const std::size_t padding = (kBlock - bare % kBlock) % kBlock;
  const std::size_t end = size + 4 + padding;
  if (end > out.size()) return size;
  dns::put16(out, size, static_cast<std::uint16_t>(dns::OptionCode::padding));
  dns::put16(out, size + 2, static_cast<std::uint16_t>(padding));
  std::ranges::fill(out.subspan(size + 4, padding), std::uint8_t{0});
  return end;
}

}  // namespace

OutgoingQuery::OutgoingQuery(const dns::Query& query, Form form, std::uint16_t udp_size,
                             dns::Bytes own_options)
    : name_size_(query.name.size()), type_(query.type), cls_(query.cls) {
  // Options that do not fit into a message for UDP are dropped.
  std::array<std::uint8_t, kUdpSize - dns::kHeaderSize - dns::kMaxNameSize - 4 - dns::kOptSize> options;
  std::size_t options_size = 0;
  std::size_t size = dns::kHeaderSize + name_size_ + 4;
  if (form != Form::plain) {
    size += dns::kOptSize;
    if (query.edns) options_size = copy_end_to_end(query.edns->options, own_options, options);
    if (form == Form::padded) options_size = pad(size, options_size, options);
    size += options_size;
  }
  message_.resize(size, boost::container::default_init);
  dns::MessageBuilder builder(message_);
  builder.set_flags(
      static_cast<std::uint16_t>((query.header.flags & (dns::flag::RD | dns::flag::CD)) | dns::flag::AD));
  builder.add_question(query.name, type_, cls_);
  dns::lower_into(query.name, dns::MutableBytes(message_).subspan(dns::kHeaderSize, name_size_));
  if (form != Form::plain) {
    builder.add_opt(udp_size, 0, query.dnssec_ok(), dns::Bytes(options).first(options_size));
  }
}

}  // namespace nld::plugins
