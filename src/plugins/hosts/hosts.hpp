// The `hosts` plugin: A, AAAA and PTR from the table of its file.
#pragma once

#include <memory>

#include "pipeline/plugin.hpp"
#include "plugins/hosts/file.hpp"

namespace nld::plugins {

/// Behind the cache, which keeps its answers: each is one allocation, what is not in the table none.
class HostsPlugin final : public pipeline::Plugin {
 public:
  explicit HostsPlugin(std::shared_ptr<const HostsFile> file);

  [[nodiscard]] std::string_view name() const noexcept override { return "hosts"; }
  pipeline::Verdict handle(pipeline::Request& request, pipeline::Reply& reply) override;

 private:
  const HostsTable& table();
  pipeline::Verdict answer_name(const pipeline::Request& request, pipeline::Reply& reply);
  pipeline::Verdict answer_address(const pipeline::Request& request, pipeline::Reply& reply);
  /// Builds the reply: `fill` adds the records to a builder.
  template <class Fill>
  pipeline::Verdict reply_with(const pipeline::Request& request, pipeline::Reply& reply, Fill fill) const;

  std::shared_ptr<const HostsFile> file_;
  std::shared_ptr<const HostsTable> table_;
  std::uint64_t version_ = 0;
};

}  // namespace nld::plugins
