// Substitution of environment references, bounded.
#include "corefile/environment.hpp"

#include <cstddef>

#include "corefile/limits.hpp"

namespace nld::corefile {
namespace {

struct Form {
  std::string_view open;
  std::string_view close;
};
constexpr Form kForms[] = {{"{%", "%}"}, {"{$", "}"}};

/// Replaces the first reference of this form; false when there is none to replace.
bool replace_first(std::string& text, const Form& form, const Environment& environment) {
  const auto begin = text.find(form.open);
  if (begin == std::string::npos) return false;
  const auto name_at = begin + form.open.size();
  const auto end = text.find(form.close, name_at);
  // An empty name ends the search as well: what Caddy does, and it keeps the function idempotent.
  if (end == std::string::npos || end == name_at) return false;
  const auto value = environment(std::string_view(text).substr(name_at, end - name_at));
  text.replace(begin, end + form.close.size() - begin, value.value_or(""));
  return true;
}

}  // namespace

std::expected<std::string, std::string> expand_environment(std::string_view text,
                                                           const Environment& environment) {
  std::string result(text);
  if (result.find("{$") == std::string::npos && result.find("{%") == std::string::npos) return result;
  for (std::size_t count = 0; count <= kMaxSubstitutions; ++count) {
    if (!replace_first(result, kForms[0], environment) && !replace_first(result, kForms[1], environment)) {
      return result;
    }
    if (result.size() > kMaxExpandedToken) {
      return std::unexpected("environment references in '" + std::string(text.substr(0, 80)) +
                             "' grow past " + std::to_string(kMaxExpandedToken) + " octets");
    }
  }
  return std::unexpected("environment references in '" + std::string(text.substr(0, 80)) +
                         "' do not come to an end: a value refers to itself");
}

}  // namespace nld::corefile
