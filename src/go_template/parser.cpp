// From tokens to the tree, with every name resolved: functions, variables, fields of the object.
#include <algorithm>

#include "go_template/functions.hpp"
#include "go_template/template.hpp"

namespace nld::go_template {
namespace {

using Kind = Token::Kind;
constexpr std::size_t kMaxDepth = 50;  // actions within actions, parentheses within parentheses

}  // namespace

class Parser {
 public:
  Parser(std::vector<Token> tokens, std::span<const std::string_view> fields)
      : tokens_(std::move(tokens)), fields_(fields) {}

  std::expected<Template, Error> run() {
    out_.nodes_ = read_list();
    if (!error_ && peek().kind != Kind::end) fail("'" + closer_ + "' without an action that it ends");
    if (error_) return std::unexpected(*std::move(error_));
    return std::move(out_);
  }

 private:
  struct Variable {
    std::string name;
    std::size_t slot;
  };
  /// Counts the nesting, and takes back the variables and the dot of an inner part when it ends.
  class Scope {
   public:
    explicit Scope(Parser& parser)
        : parser_(parser), variables_(parser.variables_.size()), root_(parser.dot_is_root_) {
      if (++parser_.depth_ > kMaxDepth) parser_.fail("too deeply nested");
    }
    Scope(const Scope&) = delete;
    Scope& operator=(const Scope&) = delete;
    ~Scope() {
      --parser_.depth_;
      parser_.variables_.resize(variables_, {"", 0});
      parser_.dot_is_root_ = root_;
    }

   private:
    Parser& parser_;
    std::size_t variables_;
    bool root_;
  };

  const Token& peek(std::size_t ahead = 0) const {
    return tokens_[std::min(next_ + ahead, tokens_.size() - 1)];
  }
  bool is(Kind kind) const { return !error_ && peek().kind == kind; }
  bool is_word(std::string_view word) const { return is(Kind::identifier) && peek().text == word; }
  Token take() {
    Token token = tokens_[next_];
    if (next_ + 1 < tokens_.size()) ++next_;
    return token;
  }
  bool accept(Kind kind) {
    if (!is(kind)) return false;
    take();
    return true;
  }
  void fail(std::string message) {
    if (!error_) error_ = Error{std::move(message), peek().at};
  }
  void expect_close() {
    if (!accept(Kind::close)) fail("something is out of place, expected '}}'");
  }

  /// Up to the end or to `{{end}}`, `{{else …`, whose word is then in closer_ and taken.
  std::vector<Node> read_list() {
    std::vector<Node> nodes;
    closer_.clear();
    while (!error_ && !is(Kind::end)) {
      if (is(Kind::text)) {
        nodes.push_back({.kind = Node::Kind::text, .text = take().text});
        continue;
      }
      take();  // {{
      if (is_word("end") || is_word("else")) {
        closer_ = take().text;
        return nodes;
      }
      nodes.push_back(read_action());
    }
    return nodes;
  }

  Node read_action() {
    Node node{.kind = Node::Kind::action};
    if (is_word("if")) return read_control(Node::Kind::branch);
    if (is_word("with")) return read_control(Node::Kind::with);
    if (is_word("range")) return read_control(Node::Kind::range);
    if (is_word("break") || is_word("continue")) {
      if (loops_ == 0) fail("'" + peek().text + "' outside of a range");
      node.kind = take().text == "break" ? Node::Kind::leave : Node::Kind::again;
    } else if (is_word("define") || is_word("template") || is_word("block")) {
      fail("'" + peek().text + "' is not supported");
    } else {
      node.pipeline = read_pipeline(false);
    }
    expect_close();
    return node;
  }

  Node read_control(Node::Kind kind) {
    const Scope scope(*this);
    const std::string word = take().text;
    Node node{.kind = kind};
    node.pipeline = read_pipeline(kind == Node::Kind::range);
    expect_close();
    {
      const Scope inner(*this);
      if (kind != Node::Kind::branch) dot_is_root_ = false;
      loops_ += kind == Node::Kind::range ? 1 : 0;
      node.body = read_list();
      loops_ -= kind == Node::Kind::range ? 1 : 0;
    }
    read_else(word, kind, node);
    return node;
  }

  void read_else(const std::string& word, Node::Kind kind, Node& node) {
    if (closer_ == "else" && is_word(word) && kind != Node::Kind::range) {
      // {{else if}}: an action within the else that ends with the same {{end}}.
      node.otherwise.push_back(read_control(kind));
      return;
    }
    if (closer_ == "else") {
      expect_close();
      const Scope inner(*this);
      node.otherwise = read_list();
      if (closer_ == "else") fail("a second 'else'");
    }
    if (closer_ != "end") return fail("'" + word + "' without 'end'");
    expect_close();
  }

  /// A range's variables come after its value is known, so they may not be used in it.
  Pipeline read_pipeline(bool range) {
    Pipeline pipeline;
    std::vector<std::string> declared;
    if (is(Kind::variable)) {
      const std::size_t after = range && peek(1).kind == Kind::comma ? 3 : 1;
      if (peek(after).kind == Kind::declare) {
        declared.push_back(take().text);
        if (accept(Kind::comma)) declared.push_back(is(Kind::variable) ? take().text : std::string());
        take();
      } else if (peek(after).kind == Kind::assign && after == 1) {
        pipeline.variables.push_back(slot_of(peek().text));
        take();
        take();
      }
    }
    read_commands(pipeline);
    for (const std::string& name : declared) {
      if (name.empty()) fail("'$' cannot be given another value");
      variables_.push_back({name, out_.slots_});
      pipeline.variables.push_back(out_.slots_++);
    }
    return pipeline;
  }

  void read_commands(Pipeline& pipeline) {
    do {
      pipeline.commands.push_back(read_command(!pipeline.commands.empty()));
    } while (accept(Kind::pipe));
  }

  Command read_command(bool piped) {
    Command command;
    while (!error_ && !is(Kind::close) && !is(Kind::pipe) && !is(Kind::right_paren)) {
      command.operands.push_back(read_operand());
    }
    if (error_) return command;
    if (command.operands.empty()) {
      fail("a value is missing");
      return command;
    }
    const Operand& first = command.operands.front();
    const std::size_t arguments = command.operands.size() - 1 + (piped ? 1 : 0);
    if (first.kind == Operand::Kind::function) {
      if (arguments < first.function->least || arguments > first.function->most) {
        fail("function '" + std::string(first.function->name) + "' does not take " +
             std::to_string(arguments) + " argument(s)");
      }
    } else if (arguments > 0 && first.fields.empty()) {
      fail("only functions and methods take arguments");
    }
    return command;
  }

  Operand read_operand() {
    Operand operand;
    switch (peek().kind) {
      case Kind::string:
        operand.literal = {take().text};
        break;
      case Kind::integer:
        operand.literal = {take().number};
        break;
      case Kind::identifier:
        read_identifier(operand);
        break;
      case Kind::dot:
        take();
        operand.kind = Operand::Kind::dot;
        if (dot_is_root_) out_.uses_.emplace(".");
        break;
      case Kind::field:
        operand.kind = Operand::Kind::dot;
        read_fields(operand, dot_is_root_);
        return operand;
      case Kind::variable: {
        const std::string name = take().text;
        operand.kind = Operand::Kind::variable;
        operand.variable = name.empty() ? 0 : slot_of(name);
        const bool field_follows = is(Kind::field) && !peek().after_space;
        if (name.empty() && !field_follows) out_.uses_.emplace(".");
        if (field_follows) read_fields(operand, name.empty());
        return operand;
      }
      case Kind::left_paren:
        read_parentheses(operand);
        break;
      default:
        fail("something is out of place, expected a value");
    }
    if (is(Kind::field) && !peek().after_space) {
      if (operand.kind == Operand::Kind::pipeline) {
        read_fields(operand, false);
      } else {
        fail("a blank is missing before '." + peek().text + "'");
      }
    }
    return operand;
  }

  void read_identifier(Operand& operand) {
    const std::string& name = peek().text;
    if (name == "true" || name == "false") {
      operand.literal = {name == "true"};
    } else if (name != "nil") {
      operand.kind = Operand::Kind::function;
      operand.function = find_function(name);
      if (operand.function == nullptr) {
        fail("there is no function '" + name + "', expected one of " + function_names());
      }
    }
    take();
  }

  void read_parentheses(Operand& operand) {
    const Scope scope(*this);
    take();
    operand.kind = Operand::Kind::pipeline;
    operand.pipeline = std::make_unique<Pipeline>();
    read_commands(*operand.pipeline);
    if (!accept(Kind::right_paren)) fail("'(' without ')'");
  }

  void read_fields(Operand& operand, bool of_root) {
    if (of_root) {
      const std::string& name = peek().text;
      if (std::ranges::find(fields_, name) == fields_.end()) {
        std::string known;
        for (const std::string_view field : fields_)
          known += (known.empty() ? "." : ", .") + std::string(field);
        fail("there is no field '." + name + "', expected one of " + known);
      }
      out_.uses_.insert(name);
    }
    do {
      operand.fields.push_back(take().text);
    } while (is(Kind::field) && !peek().after_space);
  }

  std::size_t slot_of(const std::string& name) {
    const auto found = std::ranges::find(variables_.rbegin(), variables_.rend(), name, &Variable::name);
    if (found != variables_.rend()) return found->slot;
    fail("there is no variable '$" + name + "'");
    return 0;
  }

  std::vector<Token> tokens_;
  std::span<const std::string_view> fields_;
  std::size_t next_ = 0;
  std::size_t depth_ = 0;
  std::size_t loops_ = 0;
  bool dot_is_root_ = true;
  std::vector<Variable> variables_;
  std::string closer_;
  Template out_;
  std::optional<Error> error_;
};

std::expected<Template, Error> Template::parse(std::string_view text,
                                               std::span<const std::string_view> fields) {
  auto tokens = tokenize(text);
  if (!tokens) return std::unexpected(std::move(tokens.error()));
  return Parser(*std::move(tokens), fields).run();
}

}  // namespace nld::go_template
