// The `template` plugin: answers made from the rules of a block.
#pragma once

#include <memory>
#include <optional>
#include <vector>

#include "dns/builder.hpp"
#include "pipeline/plugin.hpp"
#include "plugins/services.hpp"
#include "plugins/template/data.hpp"
#include "plugins/template/metrics.hpp"
#include "runtime/task.hpp"

namespace nld::plugins {

/// A query that no rule is for, or that no expression of its rule fits, costs no allocation; an answer costs
/// one for itself, and what its templates make: the cache in front keeps it.
class TemplatePlugin final : public pipeline::Plugin {
 public:
  TemplatePlugin(std::vector<std::shared_ptr<const TemplateRule>> rules, const Services& services,
                 const Site& site);

  [[nodiscard]] std::string_view name() const noexcept override { return "template"; }
  [[nodiscard]] bool takes(dns::RRClass cls) const noexcept override;
  pipeline::Verdict handle(pipeline::Request& request, pipeline::Reply& reply) override;
  runtime::Task<void> resolve(pipeline::Request& request, pipeline::Reply& reply,
                              pipeline::Next next) override;
  void attach(std::weak_ptr<const pipeline::Chain> chain, pipeline::Next next) override;

 private:
  /// A record of the answer, and what the target of its alias was found to have.
  struct Made {
    dns::Section section{};
    const TextRecord* record = nullptr;  ///< in the rule, or in `own`
    std::unique_ptr<const TextRecord> own{};
    cache::AnswerPtr target{};
    std::optional<std::uint32_t> target_ttl{};
  };
  class Draft;

  pipeline::Verdict answer(const pipeline::Request& request, const std::shared_ptr<const TemplateRule>& rule,
                           const TemplateMatch& match, pipeline::Reply& reply);
  bool make_records(const pipeline::Request& request, const TemplateMatch& match, std::vector<Made>& out,
                    pipeline::Reply& reply);
  void finish(const pipeline::Request& request, const TemplateRule& rule, const std::vector<Made>& records,
              pipeline::Reply& reply) const;
  static bool build(const dns::Query& query, dns::Rcode rcode, const std::vector<Made>& records,
                    dns::MessageBuilder& builder);
  runtime::Task<void> look_up(const pipeline::Request& request, const dns::Name& target, Made& alias);

  std::vector<std::shared_ptr<const TemplateRule>> rules_;
  Services services_;
  TemplateMetrics metrics_;
  std::weak_ptr<const pipeline::Chain> chain_;
};

}  // namespace nld::plugins
