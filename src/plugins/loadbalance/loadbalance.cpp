// The policies.
#include "plugins/loadbalance/loadbalance.hpp"

#include <algorithm>

namespace nld::plugins {
namespace {

using Policy = LoadbalanceConfig::Policy;

AddressNumber address_of(dns::Bytes message, const dns::RecordView& record) noexcept {
  return AddressNumber::of(message.subspan(record.rdata_offset, record.rdata_size));
}

}  // namespace

LoadbalancePlugin::LoadbalancePlugin(LoadbalanceConfig config, std::shared_ptr<WeightFile> weights,
                                     const Services& services)
    : config_(std::move(config)),
      file_(std::move(weights)),
      random_(services.random),
      clock_(services.clock),
      log_(services.log),
      records_(std::make_unique<MessageRecords>()) {
  if (file_ && config_.reload.count() > 0 && services.worker == 0) {
    // What stands there now is what the configuration has read: no news.
    if (const auto read = file_->refresh(); !read) log_.error("plugin/loadbalance: {}", read.error());
    watch();
  }
}

void LoadbalancePlugin::watch() {
  timer_ = clock_.after(config_.reload, [this] {
    if (const auto changed = file_->refresh(); !changed) {
      log_.error("plugin/loadbalance: {}: {}", file_->path().string(), changed.error());
    } else if (*changed) {
      log_.info("plugin/loadbalance: {}: weights read again", file_->path().string());
    }
    watch();
  });
}

void LoadbalancePlugin::amend(const pipeline::Request& request, const pipeline::Reply& reply,
                              pipeline::Draft& draft) noexcept {
  if (reply.ours || !reply.answer || reply.rcode != dns::Rcode::NOERROR) return;
  const std::size_t question_end = request.query.question_end;
  if (!records_->read(draft.space.first(draft.size), question_end)) return;
  if (config_.policy == Policy::round_robin && records_->wants_rebuild()) {
    const std::size_t size = records_->rebuild(draft.space, question_end, random_);
    if (size > 0) {
      draft.size = size;
      if (!records_->read(draft.space.first(size), question_end)) return;
    }
  }
  const dns::RRType type = request.query.type;
  const bool weighs = config_.policy == Policy::weighted &&
                      (type == dns::RRType::A || type == dns::RRType::AAAA || type == dns::RRType::SRV);
  if (weighs && file_->version() != version_) {
    version_ = file_->version();
    weights_ = file_->current();
  }
  const dns::MutableBytes message = draft.space.first(draft.size);
  std::size_t at = 0;
  for (AddressRun run = records_->next_run(message, at); !run.records.empty();
       run = records_->next_run(message, at)) {
    if (config_.policy == Policy::round_robin) shuffle(message, run);
    if (weighs) choose_first(message, run);
    if (!config_.prefer.empty()) put_preferred_first(message, run);
  }
}

void LoadbalancePlugin::shuffle(dns::MutableBytes message, const AddressRun& run) noexcept {
  for (std::size_t left = run.records.size(); left > 1; --left) {
    const std::size_t other = random_.below(left);
    if (other != left - 1) AddressRun::exchange(message, run.records[left - 1], run.records[other]);
  }
}

void LoadbalancePlugin::choose_first(dns::MutableBytes message, const AddressRun& run) noexcept {
  const auto owner = dns::read_name(message, run.records.front().name_offset);
  if (!owner) return;
  std::uint64_t sum = 0;
  for (const dns::RecordView& record : run.records) {
    sum += weights_->weight_of(owner->name, address_of(message, record));
  }
  std::uint64_t point = random_.below(sum);
  for (const dns::RecordView& record : run.records) {
    const std::uint8_t weight = weights_->weight_of(owner->name, address_of(message, record));
    if (point < weight) {
      if (&record != &run.records.front()) AddressRun::exchange(message, run.records.front(), record);
      return;
    }
    point -= weight;
  }
}

void LoadbalancePlugin::put_preferred_first(dns::MutableBytes message, const AddressRun& run) noexcept {
  // By network, each address that it holds is moved to the front of those not placed yet; those between keep
  // their order.
  std::size_t placed = 0;
  for (const Network& network : config_.prefer) {
    for (std::size_t at = placed; at < run.records.size(); ++at) {
      if (!network.holds(address_of(message, run.records[at]))) continue;
      for (std::size_t back = at; back > placed; --back) {
        AddressRun::exchange(message, run.records[back], run.records[back - 1]);
      }
      ++placed;
    }
  }
}

}  // namespace nld::plugins
