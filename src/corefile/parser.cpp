// Tokens to syntax tree: server blocks, their directives, and the errors that help a person.
#include <algorithm>
#include <utility>

#include "corefile/import.hpp"
#include "corefile/limits.hpp"
#include "corefile/syntax.hpp"

namespace nld::corefile {
namespace {

std::string quote(std::string_view text) {
  return "'" + std::string(text) + "'";
}

std::string line_of(const Location& where) {
  return "line " + std::to_string(where.line);
}

class Parser {
 public:
  explicit Parser(TokenStream& tokens) : tokens_(tokens) {}

  std::vector<ServerBlock> run() {
    std::vector<ServerBlock> blocks;
    for (tokens_.expand_imports(); tokens_.peek() != nullptr; tokens_.expand_imports()) {
      parse_server_block(blocks);
    }
    return blocks;
  }

 private:
  void parse_server_block(std::vector<ServerBlock>& blocks) {
    const Token first = tokens_.peek()->token;
    ServerBlock block{.keys = parse_keys(), .directives = {}};
    if (tokens_.failure()) return;
    const Lexeme* next = tokens_.peek();
    const bool braces = next != nullptr && next->is("{");
    if (block.keys.size() == 1 && block.keys[0].text.starts_with('(') && block.keys[0].text.ends_with(')')) {
      parse_snippet(block.keys[0], braces);
      return;
    }
    check_keys(first, block.keys);
    if (braces) tokens_.take();
    // Without braces the block goes on to the end of the file, as Caddy has it.
    parse_lines(block.directives, braces ? &first : nullptr, 1);
    blocks.push_back(std::move(block));
  }

  std::vector<Token> parse_keys() {
    std::vector<Token> keys;
    bool more_expected = false;
    for (bool begun = false;; begun = true) {
      const Lexeme* next = tokens_.peek();
      if (next != nullptr && next->starts_line && more_expected) {
        tokens_.expand_imports();
        next = tokens_.peek();
      }
      if (next == nullptr) {
        if (more_expected) tokens_.fail(keys.back().where, "expected another zone after ',', found the end");
        return keys;
      }
      if (next->is("{")) {
        if (more_expected) tokens_.fail(next->token.where, "expected another zone after ',', found '{'");
        return keys;
      }
      if (begun && next->starts_line && !more_expected) return keys;
      if (next->is("}")) {
        tokens_.fail(next->token.where, "unexpected '}': no block is open, expected a zone");
        return keys;
      }
      Token key = tokens_.take().token;
      if (key.text.empty()) continue;
      more_expected = key.text.ends_with(',');
      if (more_expected) key.text.pop_back();
      keys.push_back(std::move(key));
    }
  }

  void check_keys(const Token& first, const std::vector<Token>& keys) {
    if (keys.empty()) tokens_.fail(first.where, "server block without a zone: expected a zone before '{'");
    for (const Token& key : keys) {
      if (key.text.empty()) {
        tokens_.fail(key.where, "expected a zone before ','");
      } else if (key.text.find(',') != std::string::npos) {
        tokens_.fail(key.where, "expected a blank after ',' in " + quote(key.text));
      } else {
        check_brace(key);
        if (key.text.find_first_of("{}") != std::string::npos) {
          tokens_.fail(key.where, "unexpected brace in the zone " + quote(key.text));
        }
      }
    }
  }

  /// Caddy takes `zone{` for a name and goes on wrongly from there; nobody means that.
  void check_brace(const Token& token) {
    const std::string& text = token.text;
    if (!ends_in_glued_brace(text)) return;
    if (text.ends_with('}')) {
      tokens_.fail(token.where, "expected a line break between '{' and '}' in " + quote(text));
    } else {
      tokens_.fail(token.where, "expected a blank before '{' in " + quote(text));
    }
  }

  /// Takes what lies between braces as it stands: names, imports and references count where it is used.
  void parse_snippet(const Token& header, bool braces) {
    const std::string name = header.text.substr(1, std::max<std::size_t>(header.text.size(), 2) - 2);
    if (!braces) {
      tokens_.fail(header.where, "snippet " + quote(header.text) + ": expected '{'");
      return;
    }
    if (name.empty()) {
      tokens_.fail(header.where, "snippet without a name: expected '(name) {'");
      return;
    }
    tokens_.take();
    std::vector<Lexeme> body;
    for (std::size_t open = 1; tokens_.peek() != nullptr;) {
      Lexeme lexeme = tokens_.take_raw();
      if (lexeme.is("{")) ++open;
      if (lexeme.is("}") && --open == 0) {
        // Where it is used, the first word begins a line whatever stood before it here.
        if (!body.empty()) body.front().starts_line = true;
        tokens_.define_snippet(header, name, std::move(body));
        return;
      }
      body.push_back(std::move(lexeme));
    }
    fail_unclosed(header);
  }

  void fail_unclosed(const Token& owner) {
    tokens_.fail(owner.where, "the block of " + quote(owner.text) + " has no end: expected '}'");
  }

  /// Directives up to the '}' of `owner`'s block, taken too; to the end when the block has no braces.
  void parse_lines(std::vector<Directive>& lines, const Token* owner, std::size_t nesting) {
    for (;;) {
      tokens_.expand_imports();
      const Lexeme* next = tokens_.peek();
      if (next == nullptr) {
        if (owner != nullptr) fail_unclosed(*owner);
        return;
      }
      if (next->is("}")) {
        if (owner == nullptr) {
          tokens_.fail(next->token.where, "unexpected '}': no block is open");
        } else {
          tokens_.take();
        }
        return;
      }
      if (next->is("{")) {
        const std::string hint =
            lines.empty() ? "" : ", or '{' at the end of the line of " + quote(lines.back().name.text);
        tokens_.fail(next->token.where, "unexpected '{': expected a directive" + hint);
        return;
      }
      lines.push_back(parse_directive(nesting));
    }
  }

  Directive parse_directive(std::size_t nesting) {
    Lexeme last = tokens_.take();
    Directive directive{.name = last.token, .arguments = {}, .block = {}, .has_block = false};
    for (const Lexeme* next = tokens_.peek(); next != nullptr; next = tokens_.peek()) {
      // A '}' on the same line ends the block around this directive.
      if (next->starts_line || next->is("}")) break;
      if (next->is("{")) {
        parse_block(directive, nesting + 1);
        return directive;
      }
      last = tokens_.take();
      directive.arguments.push_back(last.token);
    }
    if (last.literal) check_brace(last.token);
    return directive;
  }

  void parse_block(Directive& directive, std::size_t nesting) {
    const Location open = tokens_.take().token.where;
    if (nesting > kMaxNesting) {
      tokens_.fail(open, "blocks nest more than " + std::to_string(kMaxNesting) + " deep");
      return;
    }
    directive.has_block = true;
    parse_lines(directive.block, &directive.name, nesting);
    const Lexeme* next = tokens_.peek();
    if (next != nullptr && !next->starts_line && !next->is("}")) {
      tokens_.fail(next->token.where, "expected a line break after the '}' of " + quote(directive.name.text) +
                                          " (" + line_of(directive.name.where) + "), found " +
                                          quote(next->token.text));
    }
  }

  TokenStream& tokens_;
};

}  // namespace

std::expected<Syntax, Diagnostic> parse(std::string_view text, const std::string& file,
                                        const Surroundings& surroundings) {
  TokenStream tokens(text, file, surroundings);
  Syntax syntax{.blocks = Parser(tokens).run(), .files = {}, .globs = {}};
  if (tokens.failure()) return std::unexpected(*tokens.failure());
  syntax.files = tokens.files();
  syntax.globs = tokens.globs();
  return syntax;
}

}  // namespace nld::corefile
