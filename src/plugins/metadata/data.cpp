// The fields of a request that `map` may choose by.
#include "plugins/metadata/data.hpp"

#include <algorithm>
#include <array>

namespace nld::plugins {
namespace {

using go_template::Value;
using pipeline::Request;

struct Field {
  std::string_view name;
  Value (*value)(const Request& request);
};

Value number(std::int64_t of) {
  return {of};
}
std::int64_t family(const Request& request) {
  return !request.client.is_v6() || request.client.ip_text().find(':') == std::string::npos ? 1 : 2;
}
std::string_view protocol(const Request& request) {
  return request.encrypted ? "tls" : pipeline::to_string(request.transport);
}

constexpr auto kFields = std::to_array<Field>({
    {"Name", [](const Request& of) { return Value{dns::Name::copy_of(of.query.name).lowered().to_text()}; }},
    {"QName", [](const Request& of) { return Value{dns::to_text(of.query.name)}; }},
    {"Type", [](const Request& of) { return Value{dns::to_string(of.query.type)}; }},
    {"QType", [](const Request& of) { return number(static_cast<std::uint16_t>(of.query.type)); }},
    {"Class", [](const Request& of) { return Value{dns::to_string(of.query.cls)}; }},
    {"QClass", [](const Request& of) { return number(static_cast<std::uint16_t>(of.query.cls)); }},
    {"IP", [](const Request& of) { return Value{of.client.ip_text()}; }},
    {"Port", [](const Request& of) { return Value{std::to_string(of.client.port())}; }},
    {"RemoteAddr", [](const Request& of) { return Value{of.client.to_string()}; }},
    {"LocalIP", [](const Request& of) { return Value{of.local.ip_text()}; }},
    {"LocalPort", [](const Request& of) { return Value{std::to_string(of.local.port())}; }},
    {"LocalAddr", [](const Request& of) { return Value{of.local.to_string()}; }},
    {"Proto", [](const Request& of) { return Value{std::string(protocol(of))}; }},
    {"Family", [](const Request& of) { return number(family(of)); }},
    {"Do", [](const Request& of) { return Value{of.query.dnssec_ok()}; }},
    {"Len", [](const Request& of) { return number(static_cast<std::int64_t>(of.query.packet.size())); }},
});

constexpr auto kNames = [] {
  std::array<std::string_view, kFields.size()> names;
  std::ranges::transform(kFields, names.begin(), &Field::name);
  return names;
}();

}  // namespace

std::span<const std::string_view> request_fields() noexcept {
  return kNames;
}

std::optional<Value> RequestData::field(std::string_view name, std::span<const Value> arguments) const {
  const auto* const found = std::ranges::find(kFields, name, &Field::name);
  if (found == kFields.end() || !arguments.empty()) return std::nullopt;
  return found->value(request_);
}

}  // namespace nld::plugins
