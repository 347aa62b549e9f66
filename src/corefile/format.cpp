// Canonical print: one directive a line, four blanks a level, quotes only where the lexer needs them.
#include "corefile/format.hpp"

#include <algorithm>
#include <string_view>

#include "corefile/lexer.hpp"

namespace nld::corefile {
namespace {

/// `at_end`: last word of its line, where a brace glued to a word is an error unless quoted.
bool needs_quotes(std::string_view text, bool at_end) {
  if (text.empty() || text.starts_with('"') || text == "import" || text == "{" || text == "}" ||
      (at_end && ends_in_glued_brace(text))) {
    return true;
  }
  for (std::size_t offset = 0; offset < text.size(); ++offset) {
    if (text[offset] == '#' || blank_size(text, offset) != 0) return true;
  }
  return false;
}

void print(std::string& out, const Token& token, bool at_end) {
  if (!needs_quotes(token.text, at_end)) {
    out += token.text;
    return;
  }
  out += '"';
  for (const char octet : token.text) {
    if (octet == '"') out += '\\';
    out += octet;
  }
  out += '"';
}

void print(std::string& out, const std::vector<Directive>& directives, std::size_t level) {
  for (const Directive& directive : directives) {
    std::size_t following = directive.arguments.size() + (directive.has_block ? 1 : 0);
    out.append(4 * level, ' ');
    print(out, directive.name, following == 0);
    for (const Token& argument : directive.arguments) {
      out += ' ';
      print(out, argument, --following == 0);
    }
    if (directive.has_block) {
      out += " {\n";
      print(out, directive.block, level + 1);
      out.append(4 * level, ' ');
      out += '}';
    }
    out += '\n';
  }
}

bool starts_with_byte_order_mark(const Syntax& syntax) {
  return !syntax.blocks.empty() && !syntax.blocks[0].keys.empty() &&
         syntax.blocks[0].keys[0].text.starts_with("\xEF\xBB\xBF");
}

bool same_tokens(const std::vector<Token>& left, const std::vector<Token>& right) {
  return std::ranges::equal(left, right, {}, &Token::text, &Token::text);
}

bool same_directives(const std::vector<Directive>& left, const std::vector<Directive>& right) {
  return std::ranges::equal(left, right, [](const Directive& one, const Directive& other) {
    return one.name.text == other.name.text && one.has_block == other.has_block &&
           same_tokens(one.arguments, other.arguments) && same_directives(one.block, other.block);
  });
}

}  // namespace

std::string format(const Syntax& syntax) {
  // The empty line keeps a name that begins with a byte order mark from losing it.
  std::string out = starts_with_byte_order_mark(syntax) ? "\n" : "";
  for (const ServerBlock& block : syntax.blocks) {
    for (const Token& key : block.keys) {
      print(out, key, false);
      out += ' ';
    }
    out += "{\n";
    print(out, block.directives, 1);
    out += "}\n";
  }
  return out;
}

bool same_meaning(const Syntax& left, const Syntax& right) {
  return std::ranges::equal(left.blocks, right.blocks, [](const ServerBlock& one, const ServerBlock& other) {
    return same_tokens(one.keys, other.keys) && same_directives(one.directives, other.directives);
  });
}

}  // namespace nld::corefile
