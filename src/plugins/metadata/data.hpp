// What the template of `map` sees: the fields of CoreDNS's Request.
#pragma once

#include <span>
#include <string_view>

#include "go_template/value.hpp"
#include "pipeline/request.hpp"

namespace nld::plugins {

/// The fields of the template's `.`.
std::span<const std::string_view> request_fields() noexcept;

class RequestData final : public go_template::Object {
 public:
  explicit RequestData(const pipeline::Request& request) : request_(request) {}
  [[nodiscard]] std::optional<go_template::Value> field(
      std::string_view name, std::span<const go_template::Value> arguments) const override;

 private:
  const pipeline::Request& request_;
};

}  // namespace nld::plugins
