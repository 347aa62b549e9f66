// The tree of a template: what the parser makes and the evaluator walks.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "go_template/value.hpp"

namespace nld::go_template {

struct Function;
struct Pipeline;

/// A value that stands in a command, with the fields that are taken of it: `$x.A.B`, `(pipeline).A`.
struct Operand {
  enum class Kind : std::uint8_t { literal, dot, variable, function, pipeline };
  Kind kind = Kind::literal;
  Value literal;
  std::size_t variable = 0;  ///< its slot
  const Function* function = nullptr;
  std::unique_ptr<Pipeline> pipeline;
  std::vector<std::string> fields;
};

/// A function or method with its arguments, or one operand alone.
struct Command {
  std::vector<Operand> operands;
};

struct Pipeline {
  std::vector<std::size_t> variables;  ///< slots that get its value (`range`: two, index and element)
  std::vector<Command> commands;
};

struct Node {
  enum class Kind : std::uint8_t { text, action, branch, with, range, leave, again };
  Kind kind = Kind::text;
  std::string text{};
  Pipeline pipeline{};
  std::vector<Node> body{};
  std::vector<Node> otherwise{};  ///< `else`
};

}  // namespace nld::go_template
