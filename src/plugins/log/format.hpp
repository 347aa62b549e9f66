// A format of the `log` directive, compiled: CoreDNS's placeholders and the text between them.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "pipeline/request.hpp"

namespace nld::plugins {

class LogFormat {
 public:
  /// Any text is a format: what is no placeholder stands for itself, as in CoreDNS. The shortcuts `{common}`
  /// and `{combined}` have been expanded when the configuration was read.
  explicit LogFormat(std::string_view format);
  /// Appends one line's text to `out`.
  void append(std::string& out, const pipeline::Request& request, const pipeline::Reply& reply,
              const pipeline::Outcome& outcome) const;

 private:
  enum class Field : std::uint8_t {
    literal,
    metadata,
    type,
    name,
    cls,
    proto,
    size,
    remote,
    port,
    local,
    id,
    opcode,
    dnssec_ok,
    buffer_size,
    rcode,
    response_size,
    duration,
    response_flags,
  };
  struct Step {
    Field field = Field::literal;
    std::string text{};  // of a literal, or the label
  };
  struct Placeholder {
    std::string_view text;
    Field field;
  };
  static const Placeholder kPlaceholders[];

  void add_literal(std::string_view text);
  static void append_request(std::string& out, Field field, const pipeline::Request& request);
  static void append_outcome(std::string& out, Field field, const pipeline::Outcome& outcome);

  std::vector<Step> steps_;
};

}  // namespace nld::plugins
