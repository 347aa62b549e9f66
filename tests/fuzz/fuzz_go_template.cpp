// Any text as a template: it parses or not, and what parses ends in bounds.
#include <cstddef>
#include <cstdint>
#include <cstdlib>

#include "go_template/template.hpp"

namespace {

using nld::go_template::Object;
using nld::go_template::Value;

class Data final : public Object {
 public:
  [[nodiscard]] std::optional<Value> field(std::string_view name,
                                           std::span<const Value> arguments) const override {
    if (!arguments.empty()) return std::nullopt;
    if (name == "Match")
      return nld::go_template::make_list({Value{std::string("one")}, Value{std::string()}});
    if (name == "Group") return nld::go_template::make_map({{"a", Value{std::string("7b")}}});
    if (name == "Question") return Value{static_cast<const Object*>(this)};
    return Value{std::string("a.test.")};
  }
};

constexpr std::string_view kFields[] = {"Name", "Match", "Group", "Question"};

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  const auto parsed = nld::go_template::Template::parse(text, kFields);
  if (!parsed) {
    if (parsed.error().message.empty() || parsed.error().at > size + 1) std::abort();
    return 0;
  }
  const Data values;
  const auto made = parsed->evaluate(values);
  if (made && made->size() > nld::go_template::Template::kMaxOutput) std::abort();
  return 0;
}
