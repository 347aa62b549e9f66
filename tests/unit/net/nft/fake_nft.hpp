// Stands in for the program nft and the kernel behind it: one table, as text.
#pragma once

#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "net/command.hpp"

namespace nld::net {

class FakeNft final : public CommandRunner {
 public:
  std::string table;                ///< as it is listed; empty: there is none
  std::vector<std::string> calls;   ///< the arguments, with blanks between them
  std::vector<std::string> inputs;  ///< of those that had one
  int refuse = 0;                   ///< so many of the next inputs are not taken
  /// How this nft prints what it was given.
  std::function<std::string(std::string)> print = [](std::string text) { return text; };
  /// Answers to everything that is neither the listing of the table nor an input.
  CommandResult other{};
  std::string broken;  ///< not empty: nothing can be run, for this reason

  std::expected<CommandResult, std::string> run(const std::vector<std::string>& argv,
                                                std::string_view input) override {
    std::string call;
    for (const std::string& word : argv) call.append(call.empty() ? "" : " ").append(word);
    calls.push_back(call);
    if (!broken.empty()) return std::unexpected(broken);
    if (call.starts_with("nft -s -t list table")) return listing();
    if (call == "nft -f -") return take(input);
    if (!input.empty()) inputs.emplace_back(input);
    return other;
  }

  bool installed(const std::string& program) override { return program == "nft" && broken.empty(); }

  static CommandResult absent() {
    return {.status = 1, .out = {}, .error = "Error: No such file or directory\nlist table ip x\n"};
  }

 private:
  [[nodiscard]] CommandResult listing() const {
    if (table.empty()) return absent();
    return {.status = 0, .out = table, .error = {}};
  }

  CommandResult take(std::string_view input) {
    inputs.emplace_back(input);
    if (refuse > 0) {
      --refuse;
      return {.status = 1, .out = {}, .error = "/dev/stdin:1:1-2: Error: Device or resource busy\nmore\n"};
    }
    // A definition stands at the end of an input, what goes before it makes room.
    const auto at = std::string("\n").append(input).find("\ntable ");
    if (at != std::string::npos) {
      table = print(std::string(input.substr(at)));
    } else if (input.contains("delete table ")) {
      table.clear();
    }
    return {};
  }
};

}  // namespace nld::net
