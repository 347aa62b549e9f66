// A Corefile configured in a world made of maps: what the directive tests share.
#pragma once

#include <expected>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "corefile/syntax.hpp"
#include "plugins/directives.hpp"

namespace nld::plugins::testing {

struct World {
  std::map<std::string, std::string> files;
  std::map<std::string, std::vector<std::string>> interfaces;

  [[nodiscard]] corefile::Surroundings surroundings() const;
};

/// Parses and configures `text` as the file "Corefile". The error is the printed diagnostic.
std::expected<ServerConfig, std::string> load(std::string_view text, const World& world = {});

/// A root block with `lines` from line 2 on and, last, a forward line.
std::string block_of(std::string_view lines);
/// The block of block_of(lines); fails the test when it is refused.
BlockConfig accepted(std::string_view lines, const World& world = {});
/// The diagnostic for block_of(lines); "" when it is accepted.
std::string refused(std::string_view lines, const World& world = {});
/// The warnings of block_of(lines), printed.
std::vector<std::string> warnings_of(std::string_view lines, const World& world = {});

std::vector<std::string> texts(const std::vector<dns::Name>& names);
std::vector<std::string> texts(const std::vector<runtime::SocketAddress>& addresses);

}  // namespace nld::plugins::testing
