// Imports as a stack of token sequences: what an import names is read before the line after it.
#include "corefile/import.hpp"

#include <algorithm>
#include <iterator>
#include <utility>

#include "corefile/environment.hpp"
#include "corefile/limits.hpp"

namespace nld::corefile {
namespace {

std::string normal(const std::string& file) {
  return std::filesystem::path(file).lexically_normal().string();
}

std::string snippet_unit(const std::string& name) {
  return "(" + name + ")";
}

template <typename Value>
void add_once(std::vector<Value>& values, const Value& value) {
  if (std::find(values.begin(), values.end(), value) == values.end()) values.push_back(value);
}

}  // namespace

TokenStream::TokenStream(std::string_view text, const std::string& file, const Surroundings& surroundings)
    : surroundings_(surroundings), text_read_(text.size()) {
  files_.emplace_back(file);
  auto lexemes = lex(text, file);
  if (!lexemes) {
    failure_ = std::move(lexemes.error());
    return;
  }
  tokens_read_ = lexemes->size();
  frames_.push_back(
      {.tokens = std::make_shared<const Tokens>(std::move(*lexemes)), .next = 0, .snippet = {}});
}

const Lexeme* TokenStream::peek() {
  if (failure_) return nullptr;
  if (ahead_) return &*ahead_;
  while (!frames_.empty() && frames_.back().next == frames_.back().tokens->size()) frames_.pop_back();
  if (frames_.empty()) return nullptr;
  ahead_ = (*frames_.back().tokens)[frames_.back().next];
  auto expanded = expand_environment(ahead_->token.text, surroundings_.environment);
  if (!expanded) {
    fail(ahead_->token.where, std::move(expanded.error()));
    return nullptr;
  }
  if (*expanded != ahead_->token.text) {
    ahead_->token.text = std::move(*expanded);
    ahead_->literal = false;
  }
  return &*ahead_;
}

Lexeme TokenStream::take() {
  Lexeme lexeme = std::move(*ahead_);
  ahead_.reset();
  ++frames_.back().next;
  text_taken_ += lexeme.token.text.size();
  if (++tokens_taken_ > kMaxTokens) {
    fail(lexeme.token.where, "too long: more than " + std::to_string(kMaxTokens) + " words with all imports");
  } else if (text_taken_ > kMaxTotalText) {
    fail(lexeme.token.where,
         "too long: more than " + std::to_string(kMaxTotalText >> 20U) + " MiB with all imports");
  }
  return lexeme;
}

Lexeme TokenStream::take_raw() {
  Lexeme raw = (*frames_.back().tokens)[frames_.back().next];
  take();
  return raw;
}

void TokenStream::fail(const Location& where, std::string message) {
  if (!failure_) failure_ = Diagnostic{where, std::move(message)};
}

void TokenStream::define_snippet(const Token& header, std::string name, std::vector<Lexeme> body) {
  const auto [entry, fresh] =
      snippets_.try_emplace(std::move(name), std::make_shared<const Tokens>(std::move(body)));
  if (!fresh) fail(header.where, "snippet '" + entry->first + "' is defined twice");
}

void TokenStream::expand_imports() {
  for (const Lexeme* next = peek(); next != nullptr && next->is("import"); next = peek()) import_next();
}

void TokenStream::import_next() {
  const Location where = take().token.where;
  // Within this frame only: what follows the end of an imported file is a new line.
  const auto on_line = [this] {
    const Frame& frame = frames_.back();
    return frame.next < frame.tokens->size() && !(*frame.tokens)[frame.next].starts_line;
  };
  const Lexeme* argument = failure_ || !on_line() ? nullptr : peek();
  if (argument == nullptr || argument->is("{") || argument->is("}")) {
    fail(where, "import: expected the name of a snippet, a file or a glob");
    return;
  }
  const std::string target = take().token.text;
  if (target.empty()) {
    fail(where, "import: expected the name of a snippet, a file or a glob, found an empty word");
    return;
  }
  if (on_line()) {
    if (const Lexeme* extra = peek(); extra != nullptr && !extra->is("}")) {
      fail(where, "import takes one argument, found '" + extra->token.text + "' after '" + target + "'");
    }
    if (failure_) return;
  }
  // peek() may have shown the token after the line; the imported ones come first.
  ahead_.reset();
  const auto snippet = snippets_.find(target);
  if (snippet == snippets_.end()) {
    import_files(where, target);
  } else if (count_import(where) && !enters_cycle(snippet_unit(target), where)) {
    push(snippet->second, target, where);
  }
}

bool TokenStream::count_import(const Location& where) {
  if (++imports_ <= kMaxImports) return true;
  fail(where, "more than " + std::to_string(kMaxImports) + " imports");
  return false;
}

bool TokenStream::enters_cycle(const std::string& unit, const Location& where) {
  std::string way;
  for (const Frame& frame : frames_) {
    // The last token taken from a frame is the one that led to the frame above it.
    const std::string from = frame.snippet.empty() ? normal((*frame.tokens)[frame.next - 1].token.where.file)
                                                   : snippet_unit(frame.snippet);
    if (from == unit || !way.empty()) way += from + " -> ";
  }
  if (way.empty()) return false;
  fail(where, "import cycle: " + way + unit);
  return true;
}

void TokenStream::push(std::shared_ptr<const Tokens> tokens, std::string snippet, const Location& where) {
  if (frames_.size() > kMaxImportDepth) {
    fail(where, "imports nest more than " + std::to_string(kMaxImportDepth) + " deep");
    return;
  }
  frames_.push_back({.tokens = std::move(tokens), .next = 0, .snippet = std::move(snippet)});
}

void TokenStream::import_files(const Location& where, const std::string& target) {
  std::filesystem::path pattern(target);
  if (pattern.is_relative()) pattern = std::filesystem::path(where.file).parent_path() / pattern;
  pattern = pattern.lexically_normal();
  const std::string text = pattern.string();
  auto tokens = std::make_shared<Tokens>();
  if (text.find_first_of("*?[]") == std::string::npos) {
    if (!read_into(*tokens, pattern, where)) return;
  } else {
    const auto more_than_one = [&](char wildcard) {
      return std::count(text.begin(), text.end(), wildcard) > 1;
    };
    if (more_than_one('*') || more_than_one('?') ||
        (text.find('[') != std::string::npos && text.find(']') != std::string::npos)) {
      fail(where, "import '" + target + "': a glob may have one '*' and one '?', and no '[ ]'");
      return;
    }
    add_once(globs_, text);
    for (const auto& path : surroundings_.glob(text)) {
      if (!read_into(*tokens, path, where)) return;
    }
  }
  push(std::move(tokens), {}, where);
}

bool TokenStream::read_into(Tokens& tokens, const std::filesystem::path& path, const Location& where) {
  const std::string name = path.lexically_normal().string();
  if (!count_import(where) || enters_cycle(name, where)) return false;
  const auto text = surroundings_.read_file(path);
  if (!text) {
    fail(where, "cannot import '" + name + "': " + text.error());
    return false;
  }
  add_once(files_, path);
  text_read_ += text->size();
  if (text_read_ > kMaxTotalText) {
    fail(where, "imports read more than " + std::to_string(kMaxTotalText >> 20U) + " MiB");
    return false;
  }
  auto lexemes = lex(*text, name, kMaxTokens - tokens_read_);
  if (!lexemes) {
    failure_ = std::move(lexemes.error());
    return false;
  }
  tokens_read_ += lexemes->size();
  tokens.insert(tokens.end(), std::make_move_iterator(lexemes->begin()),
                std::make_move_iterator(lexemes->end()));
  return true;
}

}  // namespace nld::corefile
