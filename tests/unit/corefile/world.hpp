// An environment and a file system in memory for the parser's tests.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "corefile/syntax.hpp"

namespace nld::corefile::test {

struct World {
  std::map<std::string, std::string> environment;
  std::map<std::string, std::string> files;
  std::map<std::string, std::vector<std::filesystem::path>> globs;

  [[nodiscard]] Surroundings surroundings() const {
    return {
        .environment = [this](std::string_view name) -> std::optional<std::string> {
          const auto found = environment.find(std::string(name));
          return found == environment.end() ? std::nullopt : std::optional(found->second);
        },
        .read_file = [this](const std::filesystem::path& path) -> std::expected<std::string, std::string> {
          const auto found = files.find(path.string());
          if (found == files.end()) return std::unexpected("No such file or directory");
          return found->second;
        },
        .glob = [this](const std::string& pattern) -> std::vector<std::filesystem::path> {
          if (const auto found = globs.find(pattern); found != globs.end()) return found->second;
          if (files.contains(pattern)) return {pattern};
          return {};
        },
    };
  }

  [[nodiscard]] std::expected<Syntax, Diagnostic> parse(std::string_view text,
                                                        const std::string& file = "Corefile") const {
    return corefile::parse(text, file, surroundings());
  }

  /// The tree in one line, or the error: "keys{name(arguments){block};...}".
  [[nodiscard]] std::string outline(std::string_view text) const {
    const auto syntax = parse(text);
    if (!syntax) return syntax.error().to_string();
    std::string out;
    for (const ServerBlock& block : syntax->blocks) {
      if (!out.empty()) out += ' ';
      out += joined(block.keys) + lines(block.directives);
    }
    return out;
  }

 private:
  static std::string joined(const std::vector<Token>& tokens) {
    std::string out;
    for (const Token& token : tokens) out += "|" + token.text;
    return out.empty() ? out : out.substr(1);
  }
  static std::string lines(const std::vector<Directive>& directives) {
    std::string out = "{";
    for (const Directive& directive : directives) {
      if (out.size() > 1) out += ';';
      out += directive.name.text;
      if (!directive.arguments.empty()) out += "(" + joined(directive.arguments) + ")";
      if (directive.has_block) out += lines(directive.block);
    }
    return out + "}";
  }
};

}  // namespace nld::corefile::test
