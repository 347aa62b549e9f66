// Compiling a log format and filling it in.
#include "plugins/log/format.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <chrono>
#include <iterator>

#include "dns/message.hpp"
#include "dns/name.hpp"
#include "plugins/metadata/metadata.hpp"

namespace nld::plugins {
namespace {

constexpr std::string_view kNoValue = "-";

constexpr std::uint16_t kZeroBit = 0x0040;  // RFC 1035 §4.1.1: Z, what RFC 4035 left of it

struct NamedFlag {
  std::uint16_t bit;
  std::string_view name;
};
constexpr std::array<NamedFlag, 8> kFlags{{{dns::flag::QR, "qr"},
                                           {dns::flag::AA, "aa"},
                                           {dns::flag::TC, "tc"},
                                           {dns::flag::RD, "rd"},
                                           {dns::flag::RA, "ra"},
                                           {kZeroBit, "z"},
                                           {dns::flag::AD, "ad"},
                                           {dns::flag::CD, "cd"}}};

void append_number(std::string& out, std::size_t number) {
  fmt::format_to(std::back_inserter(out), "{}", number);
}

void append_address(std::string& out, const runtime::SocketAddress& address) {
  const std::string ip = address.ip_text();
  // Brackets as RFC 3986 has them: the port follows after a colon.
  const bool brackets = ip.find(':') != std::string::npos;
  if (brackets) out += '[';
  out += ip;
  if (brackets) out += ']';
}

void append_flags(std::string& out, std::uint16_t flags) {
  bool first = true;
  for (const NamedFlag& flag : kFlags) {
    if ((flags & flag.bit) == 0) continue;
    if (!first) out += ',';
    out += flag.name;
    first = false;
  }
}

void append_seconds(std::string& out, runtime::Duration duration) {
  // As Go: the shortest decimal fraction that reads back as the same double, never an exponent.
  const double seconds = std::chrono::duration<double>(duration).count();
  std::array<char, 64> text;
  const auto written =
      std::to_chars(text.data(), text.data() + text.size(), seconds, std::chars_format::fixed);
  out.append(text.data(), written.ptr);
  out += 's';
}

/// What the client can take: over TCP anything, without EDNS the plain limit.
std::size_t buffer_size(const pipeline::Request& request) noexcept {
  if (request.transport == pipeline::Transport::tcp) return dns::kMaxMessageSize;
  if (!request.query.edns) return dns::kPlainUdpSize;
  const std::uint16_t offered = std::min(request.query.edns->udp_size, request.udp_limit);
  return std::max<std::size_t>(offered, dns::kPlainUdpSize);
}

}  // namespace

constexpr LogFormat::Placeholder LogFormat::kPlaceholders[] = {
    {"{type}", Field::type},
    {"{name}", Field::name},
    {"{class}", Field::cls},
    {"{proto}", Field::proto},
    {"{size}", Field::size},
    {"{remote}", Field::remote},
    {"{port}", Field::port},
    {"{local}", Field::local},
    {"{>id}", Field::id},
    {"{>opcode}", Field::opcode},
    {"{>do}", Field::dnssec_ok},
    {"{>bufsize}", Field::buffer_size},
    {"{rcode}", Field::rcode},
    {"{rsize}", Field::response_size},
    {"{duration}", Field::duration},
    {"{>rflags}", Field::response_flags},
};

LogFormat::LogFormat(std::string_view format) {
  // The innermost braces count: of "{ {type} }" the middle is a placeholder.
  for (std::size_t close = format.find('}'); close != std::string_view::npos; close = format.find('}')) {
    const std::size_t open = format.substr(0, close).rfind('{');
    const std::string_view word =
        open == std::string_view::npos ? std::string_view{} : format.substr(open, close + 1 - open);
    const auto* const known = std::ranges::find(kPlaceholders, word, &Placeholder::text);
    if (known != std::end(kPlaceholders)) {
      add_literal(format.substr(0, open));
      steps_.push_back({known->field});
    } else if (word.starts_with("{/")) {
      add_literal(format.substr(0, open));
      steps_.push_back({Field::metadata, std::string(word.substr(2, word.size() - 3))});
    } else {
      add_literal(format.substr(0, close + 1));
    }
    format.remove_prefix(close + 1);
  }
  add_literal(format);
}

void LogFormat::add_literal(std::string_view text) {
  if (text.empty()) return;
  if (steps_.empty() || steps_.back().field != Field::literal) steps_.emplace_back();
  steps_.back().text += text;
}

void LogFormat::append(std::string& out, const pipeline::Request& request, const pipeline::Reply& reply,
                       const pipeline::Outcome& outcome) const {
  for (const Step& step : steps_) {
    switch (step.field) {
      case Field::literal:
        out += step.text;
        break;
      case Field::metadata:
        out += published(step.text, request, reply).value_or(std::string(kNoValue));
        break;
      case Field::rcode:
      case Field::response_size:
      case Field::duration:
      case Field::response_flags:
        append_outcome(out, step.field, outcome);
        break;
      default:
        append_request(out, step.field, request);
    }
  }
}

void LogFormat::append_request(std::string& out, Field field, const pipeline::Request& request) {
  const dns::Query& query = request.query;
  switch (field) {
    case Field::type:
      out += dns::to_string(query.type);
      break;
    case Field::name:
      out += dns::Name::copy_of(query.name).lowered().to_text();
      break;
    case Field::cls:
      out += dns::to_string(query.cls);
      break;
    case Field::proto:
      out += pipeline::to_string(request.transport);
      break;
    case Field::size:
      append_number(out, query.packet.size());
      break;
    case Field::remote:
      append_address(out, request.client);
      break;
    case Field::port:
      append_number(out, request.client.port());
      break;
    case Field::local:
      append_address(out, request.local);
      break;
    case Field::id:
      append_number(out, query.header.id);
      break;
    case Field::opcode:
      append_number(out, static_cast<std::size_t>(query.header.opcode()));
      break;
    case Field::dnssec_ok:
      out += query.dnssec_ok() ? "true" : "false";
      break;
    case Field::buffer_size:
      append_number(out, buffer_size(request));
      break;
    default:
      break;
  }
}

void LogFormat::append_outcome(std::string& out, Field field, const pipeline::Outcome& outcome) {
  switch (field) {
    case Field::rcode:
      if (const std::string_view name = dns::mnemonic(outcome.rcode); !name.empty()) {
        out += name;
      } else {
        append_number(out, static_cast<std::size_t>(outcome.rcode));
      }
      break;
    case Field::response_size:
      append_number(out, outcome.size);
      break;
    case Field::duration:
      append_seconds(out, outcome.duration);
      break;
    case Field::response_flags:
      append_flags(out, outcome.flags);
      break;
    default:
      break;
  }
}

}  // namespace nld::plugins
