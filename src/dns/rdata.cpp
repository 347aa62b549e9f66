// The layouts of the RDATA that may hold compressed names, and their expansion.
#include "dns/rdata.hpp"

#include <algorithm>

namespace nld::dns {
namespace {

/// RDATA as: `before` octets, `strings` character-strings, `names` names, `after` octets.
struct Layout {
  std::size_t before = 0;
  std::uint8_t strings = 0;
  std::uint8_t names = 0;
  std::size_t after = 0;
  bool open_end = false;  ///< any number of octets after the names
};

/// A6 (RFC 2874 §3.1): prefix length, the address bits it does not cover, a name unless it is 0.
std::optional<Layout> a6_layout(Bytes rdata) noexcept {
  if (rdata.empty() || rdata[0] > 128) return std::nullopt;
  const std::size_t suffix = (128U - rdata[0] + 7U) / 8U;
  return Layout{.before = 1 + suffix, .names = static_cast<std::uint8_t>(rdata[0] == 0 ? 0 : 1)};
}

std::optional<Layout> layout_of(RRType type, RRClass cls, Bytes rdata) noexcept {
  switch (type) {
    case RRType::NS:
    case RRType::CNAME:
    case RRType::PTR:
    case RRType::DNAME:
    case RRType::MD:
    case RRType::MF:
    case RRType::MB:
    case RRType::MG:
    case RRType::MR:
      return Layout{.names = 1};
    case RRType::SOA:
      return Layout{.names = 2, .after = 20};
    case RRType::MINFO:
    case RRType::RP:
      return Layout{.names = 2};
    case RRType::MX:
    case RRType::AFSDB:
    case RRType::RT:
    case RRType::KX:
      return Layout{.before = 2, .names = 1};
    case RRType::PX:
      return Layout{.before = 2, .names = 2};
    case RRType::SRV:
      return Layout{.before = 6, .names = 1};
    case RRType::NAPTR:
      return Layout{.before = 4, .strings = 3, .names = 1};
    case RRType::SIG:
      return Layout{.before = 18, .names = 1, .open_end = true};
    case RRType::NXT:
      return Layout{.names = 1, .open_end = true};
    case RRType::A6:
      return a6_layout(rdata);
    case RRType::A:
      return cls == RRClass::IN ? Layout{.before = 4} : Layout{.open_end = true};
    case RRType::AAAA:
      return cls == RRClass::IN ? Layout{.before = 16} : Layout{.open_end = true};
    default:
      return Layout{.open_end = true};
  }
}

}  // namespace

std::optional<RdataNames> find_rdata_names(Bytes message, const RecordView& record) noexcept {
  const auto layout =
      layout_of(record.type, record.cls, message.subspan(record.rdata_offset, record.rdata_size));
  if (!layout || record.rdata_size < layout->before) return std::nullopt;
  std::size_t at = record.rdata_offset + layout->before;
  for (std::uint8_t left = layout->strings; left > 0; --left) {
    if (at >= record.end || record.end - at <= message[at]) return std::nullopt;
    at += message[at] + 1U;
  }
  RdataNames names{.count = layout->names, .begin = at, .end = at};
  for (std::uint8_t left = layout->names; left > 0; --left) {
    const auto end = skip_name(message.first(record.end), names.end);
    if (!end) return std::nullopt;
    names.end = *end;
  }
  const std::size_t rest = record.end - names.end;
  if (rest < layout->after || (rest > layout->after && !layout->open_end)) return std::nullopt;
  return names;
}

bool expand_rdata(Bytes message, const RecordView& record, std::vector<std::uint8_t>& out) {
  const auto names = find_rdata_names(message, record);
  if (!names) return false;
  const auto append = [&out](Bytes octets) { out.insert(out.end(), octets.begin(), octets.end()); };
  out.clear();
  append(message.subspan(record.rdata_offset, names->begin - record.rdata_offset));
  std::size_t at = names->begin;
  for (std::uint8_t left = names->count; left > 0; --left) {
    const auto name = read_name(message, at);
    if (!name) return false;
    append(name->name.wire());
    at = name->end;
  }
  append(message.subspan(names->end, record.end - names->end));
  return true;
}

bool is_single_name(RRType type) noexcept {
  return type == RRType::NS || type == RRType::CNAME || type == RRType::PTR || type == RRType::MD ||
         type == RRType::MF || type == RRType::MB || type == RRType::MG || type == RRType::MR;
}

}  // namespace nld::dns
