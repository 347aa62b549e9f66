// Walking a template's tree.
#include <utility>

#include "go_template/functions.hpp"
#include "go_template/template.hpp"

namespace nld::go_template {
namespace {

/// Where a list of nodes ended: at its end, or with `break` or `continue`.
enum class Flow : std::uint8_t { on, leave, again };

class Evaluator {
 public:
  Evaluator(const Object& data, std::size_t slots) : dot_{&data}, variables_(slots) { variables_[0] = dot_; }

  std::expected<std::string, std::string> run(const std::vector<Node>& nodes) {
    walk(nodes);
    if (!error_.empty()) return std::unexpected(std::move(error_));
    return std::move(out_);
  }

 private:
  void fail(std::string message) {
    if (error_.empty()) error_ = std::move(message);
  }
  [[nodiscard]] bool failed() const noexcept { return !error_.empty(); }
  void count_step() {
    if (++steps_ > Template::kMaxSteps) fail("more than " + std::to_string(Template::kMaxSteps) + " steps");
  }

  void write(std::string_view text) {
    if (out_.size() + text.size() > Template::kMaxOutput) {
      fail("more than " + std::to_string(Template::kMaxOutput) + " characters");
    } else {
      out_ += text;
    }
  }

  Flow walk(const std::vector<Node>& nodes) {
    for (const Node& node : nodes) {
      count_step();
      if (failed()) return Flow::leave;
      const Flow flow = step(node);
      if (flow != Flow::on) return flow;
    }
    return Flow::on;
  }

  Flow step(const Node& node) {
    switch (node.kind) {
      case Node::Kind::text:
        write(node.text);
        return Flow::on;
      case Node::Kind::action:
        act(node.pipeline);
        return Flow::on;
      case Node::Kind::branch:
        return walk(truth(evaluate(node.pipeline)) ? node.body : node.otherwise);
      case Node::Kind::with:
        return walk_with(node);
      case Node::Kind::range:
        return walk_range(node);
      case Node::Kind::leave:
        return Flow::leave;
      case Node::Kind::again:
        return Flow::again;
    }
    return Flow::on;
  }

  void act(const Pipeline& pipeline) {
    const Value value = evaluate(pipeline);
    if (failed() || !pipeline.variables.empty()) return;
    const auto text = print(value);
    if (text) {
      write(*text);
    } else {
      fail("a struct cannot be printed");
    }
  }

  Flow walk_with(const Node& node) {
    Value value = evaluate(node.pipeline);
    if (!truth(value)) return walk(node.otherwise);
    std::swap(dot_, value);
    const Flow flow = walk(node.body);
    std::swap(dot_, value);
    return flow;
  }

  Flow walk_range(const Node& node) {
    const Value over = compute(node.pipeline);
    if (failed()) return Flow::leave;
    bool any = false;
    Flow flow = Flow::on;
    const auto pass = [&](const Value& key, const Value& item) {
      any = true;
      const auto& slots = node.pipeline.variables;
      if (!slots.empty()) variables_[slots.back()] = item;
      if (slots.size() > 1) variables_[slots.front()] = key;
      Value outer = std::exchange(dot_, item);
      count_step();
      flow = walk(node.body);
      dot_ = std::move(outer);
      return flow != Flow::leave && !failed();
    };
    if (!each(over, pass)) fail("cannot range over a " + std::string(kind_of(over)));
    if (!any && !failed()) return walk(node.otherwise);
    return failed() ? Flow::leave : Flow::on;
  }

  /// False: `over` is nothing that has elements.
  template <class Pass>
  static bool each(const Value& over, Pass pass) {
    if (over.is_nil()) return true;
    if (const List* list = over.list()) {
      for (std::size_t at = 0; at < list->size(); ++at) {
        if (!pass(Value{static_cast<std::int64_t>(at)}, (*list)[at])) break;
      }
    } else if (const Map* map = over.map()) {
      for (const auto& [key, item] : *map) {
        if (!pass(Value{key}, item)) break;
      }
    } else if (const auto* count = over.get<std::int64_t>()) {
      for (std::int64_t at = 0; at < *count; ++at) {
        if (!pass(Value{at}, Value{at})) break;
      }
    } else {
      return false;
    }
    return true;
  }

  Value evaluate(const Pipeline& pipeline) {
    Value value = compute(pipeline);
    if (!pipeline.variables.empty()) variables_[pipeline.variables.front()] = value;
    return value;
  }

  Value compute(const Pipeline& pipeline) {
    Value value;
    bool first = true;
    for (const Command& command : pipeline.commands) {
      if (failed()) return {};
      value = run_command(command, first ? nullptr : &value);
      first = false;
    }
    return value;
  }

  /// `piped`: the value of the command before, the last argument of this one.
  Value run_command(const Command& command, const Value* piped) {
    count_step();
    const Operand& first = command.operands.front();
    if (first.kind == Operand::Kind::function && first.function->call == nullptr) {
      return stop_early(command, piped, first.function->name == "and");
    }
    List arguments;
    for (std::size_t at = 1; at < command.operands.size(); ++at) {
      arguments.push_back(value_of(command.operands[at]));
    }
    if (piped != nullptr) arguments.push_back(*piped);
    if (failed()) return {};
    if (first.kind == Operand::Kind::function) return call(*first.function, arguments);
    return take_fields(first, arguments);
  }

  /// `and` and `or`: the first value that settles it, or the last; the rest is not looked at.
  Value stop_early(const Command& command, const Value* piped, bool all) {
    Value value;
    for (std::size_t at = 1; at < command.operands.size(); ++at) {
      value = value_of(command.operands[at]);
      if (failed() || truth(value) != all) return value;
    }
    return piped == nullptr ? value : *piped;
  }

  Value call(const Function& function, Arguments arguments) {
    if (arguments.size() < function.least || function.call == nullptr) {
      fail("function '" + std::string(function.name) + "' without its arguments");
      return {};
    }
    auto result = function.call(arguments);
    if (result) return *std::move(result);
    fail(std::move(result.error()));
    return {};
  }

  Value value_of(const Operand& operand) {
    if (operand.kind == Operand::Kind::function) return call(*operand.function, {});
    return take_fields(operand, {});
  }

  Value base_of(const Operand& operand) {
    switch (operand.kind) {
      case Operand::Kind::literal:
        return operand.literal;
      case Operand::Kind::dot:
        return dot_;
      case Operand::Kind::variable:
        return variables_[operand.variable];
      case Operand::Kind::pipeline:
        return evaluate(*operand.pipeline);
      case Operand::Kind::function:
        break;
    }
    return {};
  }

  /// The operand's value, through its fields; the last of them gets the arguments.
  Value take_fields(const Operand& operand, Arguments arguments) {
    Value value = base_of(operand);
    for (std::size_t at = 0; at < operand.fields.size() && !failed(); ++at) {
      const bool last = at + 1 == operand.fields.size();
      value = field_of(value, operand.fields[at], last ? arguments : Arguments{});
    }
    return value;
  }

  Value field_of(const Value& of, const std::string& name, Arguments arguments) {
    if (const Object* object = of.object()) {
      auto value = object->field(name, arguments);
      if (value) return *std::move(value);
      fail("there is no field '." + name + "' that takes " + std::to_string(arguments.size()) +
           " argument(s)");
      return {};
    }
    if (const Map* map = of.map(); map != nullptr && arguments.empty()) {
      const auto found = map->find(name);
      return found == map->end() ? Value{} : found->second;
    }
    fail("a " + std::string(kind_of(of)) + " has no field '." + name + "'");
    return {};
  }

  Value dot_;
  std::vector<Value> variables_;
  std::string out_;
  std::size_t steps_ = 0;
  std::string error_;
};

}  // namespace

std::expected<std::string, std::string> Template::evaluate(const Object& data) const {
  return Evaluator(data, slots_).run(nodes_);
}

}  // namespace nld::go_template
