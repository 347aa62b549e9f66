// Encoding, replacing and removing EDNS options.
#include "plugins/rewrite/edns.hpp"

#include <algorithm>
#include <array>

#include "dns/edns.hpp"
#include "plugins/metadata/metadata.hpp"

namespace nld::plugins::rewriting {
namespace {

using Octets = std::vector<std::uint8_t>;
using Source = EdnsAction::Source;
using Verb = EdnsAction::Verb;

/// 4 or 16 octets; an IPv4 address mapped into IPv6 has 4.
Octets address_octets(const runtime::SocketAddress& address) {
  if (!address.is_v6()) {
    const auto* const v4 = reinterpret_cast<const sockaddr_in*>(address.native());
    const auto* const first = reinterpret_cast<const std::uint8_t*>(&v4->sin_addr.s_addr);
    return {first, first + 4};
  }
  const auto* const v6 = reinterpret_cast<const sockaddr_in6*>(address.native());
  const std::uint8_t* const first = v6->sin6_addr.s6_addr;
  const bool mapped = IN6_IS_ADDR_V4MAPPED(&v6->sin6_addr) != 0;
  return {first + (mapped ? 12 : 0), first + 16};
}

Octets number_octets(std::uint16_t number) {
  return {static_cast<std::uint8_t>(number >> 8U), static_cast<std::uint8_t>(number)};
}

Octets text_octets(std::string_view text) {
  return {text.begin(), text.end()};
}

/// RFC 7871 §6: FAMILY, SOURCE PREFIX-LENGTH, SCOPE PREFIX-LENGTH 0, as many octets of the address as the
/// prefix needs, the bits behind it 0.
Octets subnet_octets(const EdnsAction& action, const runtime::SocketAddress& client) {
  Octets address = address_octets(client);
  const bool v4 = address.size() == 4;
  const std::uint8_t prefix = v4 ? action.v4_prefix : action.v6_prefix;
  address.resize((prefix + 7U) / 8U);
  if (prefix % 8 != 0) address.back() &= static_cast<std::uint8_t>(0xFF00U >> (prefix % 8U));
  Octets out{0, static_cast<std::uint8_t>(v4 ? 1 : 2), prefix, 0};
  out.insert(out.end(), address.begin(), address.end());
  return out;
}

/// Nothing: the variable has no value.
std::optional<Octets> data_of(const EdnsAction& action, const pipeline::Request& request,
                              const Rewritten& query) {
  switch (action.source) {
    case Source::fixed:
      return action.data;
    case Source::query_name:
      return text_octets(query.name.to_text());
    case Source::query_type:
      return number_octets(static_cast<std::uint16_t>(query.type));
    case Source::client_ip:
      return address_octets(request.client);
    case Source::client_port:
      return number_octets(request.client.port());
    case Source::protocol:
      return text_octets(pipeline::to_string(request.transport));
    case Source::server_ip:
      return address_octets(request.local);
    case Source::server_port:
      return number_octets(request.local.port());
    case Source::subnet:
      return subnet_octets(action, request.client);
    case Source::metadata:
      break;
  }
  const std::string label(action.data.begin(), action.data.end());
  const std::string* const value = published(label, request);
  if (value == nullptr || value->empty()) return std::nullopt;
  return text_octets(*value);
}

/// Options of the client's that are for its neighbour go no further: the query has such a one only when a
/// rule put it there.
bool is_present(const EdnsAction& action, const Rewritten& query) {
  const auto code = static_cast<dns::OptionCode>(action.code);
  const bool ends_here = code == dns::OptionCode::nsid && action.verb == Verb::append;
  return dns::find_option(ends_here ? query.added_options : query.options, code).has_value();
}

void append_option(Octets& options, std::uint16_t code, dns::Bytes data) {
  const Octets head_code = number_octets(code);
  const Octets head_size = number_octets(static_cast<std::uint16_t>(data.size()));
  options.insert(options.end(), head_code.begin(), head_code.end());
  options.insert(options.end(), head_size.begin(), head_size.end());
  options.insert(options.end(), data.begin(), data.end());
}

void remove_option(Octets& options, std::uint16_t code) {
  Octets kept;
  dns::Bytes rest = options;
  while (const auto option = dns::next_option(rest)) {
    const auto number = static_cast<std::uint16_t>(option->code);
    if (number != code) append_option(kept, number, option->data);
  }
  options = std::move(kept);
}

}  // namespace

bool apply_edns(const EdnsAction& action, const pipeline::Request& request, Rewritten& query) {
  if (action.verb == Verb::unset) {
    remove_option(query.options, action.code);
    remove_option(query.added_options, action.code);
    return true;
  }
  if (is_present(action, query) ? action.verb == Verb::append : action.verb == Verb::replace) return false;
  const std::optional<Octets> data = data_of(action, request, query);
  if (!data) return false;
  remove_option(query.options, action.code);
  remove_option(query.added_options, action.code);
  append_option(query.options, action.code, *data);
  append_option(query.added_options, action.code, *data);
  query.edns = true;
  return true;
}

}  // namespace nld::plugins::rewriting
