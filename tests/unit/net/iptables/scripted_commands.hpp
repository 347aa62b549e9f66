// Programs that answer as a test says.
#pragma once

#include <expected>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "net/command.hpp"

namespace nld::net {

class ScriptedCommands final : public CommandRunner {
 public:
  using Answer = std::function<std::expected<CommandResult, std::string>(const std::vector<std::string>& argv,
                                                                         std::string_view input)>;
  explicit ScriptedCommands(Answer answer) : answer_(std::move(answer)) {}
  std::expected<CommandResult, std::string> run(const std::vector<std::string>& argv,
                                                std::string_view input) override {
    std::string line;
    for (const std::string& word : argv) line += (line.empty() ? "" : " ") + word;
    lines_.push_back(std::move(line));
    return answer_(argv, input);
  }
  bool installed(const std::string& program) override { return answer_({program}, {}).has_value(); }
  /// What was run, in order.
  [[nodiscard]] const std::vector<std::string>& lines() const noexcept { return lines_; }

 private:
  Answer answer_;
  std::vector<std::string> lines_;
};

inline std::unexpected<std::string> not_installed(const std::string& program) {
  return std::unexpected(program + ": not found in PATH, /usr/sbin or /sbin");
}

}  // namespace nld::net
