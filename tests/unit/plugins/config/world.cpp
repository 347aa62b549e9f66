// Surroundings from maps.
#include "unit/plugins/config/world.hpp"

#include <gtest/gtest.h>

namespace nld::plugins::testing {

corefile::Surroundings World::surroundings() const {
  corefile::Surroundings out;
  out.environment = [](std::string_view) { return std::optional<std::string>{}; };
  out.read_file = [files =
                       files](const std::filesystem::path& path) -> std::expected<std::string, std::string> {
    const auto found = files.find(path.string());
    if (found == files.end()) return std::unexpected("No such file or directory");
    return found->second;
  };
  out.glob = [](const std::string&) { return std::vector<std::filesystem::path>{}; };
  out.interface_addresses = [interfaces = interfaces](std::string_view name) {
    std::vector<runtime::SocketAddress> addresses;
    const auto found = interfaces.find(std::string(name));
    if (found == interfaces.end()) return addresses;
    for (const std::string& ip : found->second) {
      addresses.push_back(runtime::SocketAddress::from_ip(ip, 0).value());
    }
    return addresses;
  };
  return out;
}

std::expected<ServerConfig, std::string> load(std::string_view text, const World& world) {
  const corefile::Surroundings surroundings = world.surroundings();
  const auto syntax = corefile::parse(text, "Corefile", surroundings);
  if (!syntax) return std::unexpected("parser: " + syntax.error().to_string());
  auto config = configure(*syntax, surroundings);
  if (!config) return std::unexpected(config.error().to_string());
  return *std::move(config);
}

std::string block_of(std::string_view lines) {
  return ".:53 {\n" + std::string(lines) + "\nforward . 192.0.2.1\n}\n";
}

BlockConfig accepted(std::string_view lines, const World& world) {
  auto config = load(block_of(lines), world);
  EXPECT_TRUE(config.has_value()) << lines << "\n" << config.error();
  if (!config || config->blocks.size() != 1) {
    ADD_FAILURE() << "no block from " << lines;
    return {};
  }
  return config->blocks.front();
}

std::string refused(std::string_view lines, const World& world) {
  const auto config = load(block_of(lines), world);
  return config ? "" : config.error();
}

std::vector<std::string> warnings_of(std::string_view lines, const World& world) {
  const auto config = load(block_of(lines), world);
  EXPECT_TRUE(config.has_value()) << lines << "\n" << config.error();
  std::vector<std::string> out;
  if (!config) return out;
  for (const corefile::Diagnostic& warning : config->warnings) out.push_back(warning.to_string());
  return out;
}

std::vector<std::string> texts(const std::vector<dns::Name>& names) {
  std::vector<std::string> out;
  for (const dns::Name& name : names) out.push_back(name.to_text());
  return out;
}

std::vector<std::string> texts(const std::vector<runtime::SocketAddress>& addresses) {
  std::vector<std::string> out;
  for (const runtime::SocketAddress& address : addresses) out.push_back(address.to_string());
  return out;
}

}  // namespace nld::plugins::testing
