// Looking at the file, reading it, and giving out the table.
#include "plugins/hosts/file.hpp"

#include "corefile/syntax.hpp"

namespace nld::plugins {

HostsFile::HostsFile(const HostsConfig& config) : config_(config) {
  if (!refresh()) publish({});
}

std::optional<HostsFile::Stamp> HostsFile::look() const {
  std::error_code error;
  Stamp stamp{.time = std::filesystem::last_write_time(config_.path, error)};
  if (error) return std::nullopt;
  stamp.size = std::filesystem::file_size(config_.path, error);
  if (error) return std::nullopt;
  return stamp;
}

bool HostsFile::refresh() {
  const auto stamp = look();
  if (!stamp || stamp == read_) return false;
  const auto text = corefile::real_surroundings().read_file(config_.path);
  if (!text) return false;
  // The stamp from before the read: what is written meanwhile makes another one, which is seen next time.
  read_ = stamp;
  const auto time = std::chrono::file_clock::to_sys(stamp->time).time_since_epoch();
  changed_at_.store(std::chrono::duration<double>(time).count(), std::memory_order_relaxed);
  publish(*text);
  return true;
}

void HostsFile::publish(std::string_view text) {
  auto table = std::make_shared<HostsTable>();
  table->add(text, config_.zones, config_.reverse);
  table->add(config_.lines, config_.zones, config_.reverse);
  const std::scoped_lock lock(mutex_);
  table_ = std::move(table);
  version_.fetch_add(1, std::memory_order_release);
}

std::shared_ptr<const HostsTable> HostsFile::table() const {
  const std::scoped_lock lock(mutex_);
  return table_;
}

HostsWatch::HostsWatch(std::shared_ptr<HostsFile> file, runtime::Clock& clock, runtime::Log& log)
    : file_(std::move(file)), clock_(clock), log_(log) {
  if (file_->config().reload.count() > 0) arm();
}

void HostsWatch::arm() {
  timer_ = clock_.after(file_->config().reload, [this] {
    if (file_->refresh()) {
      log_.info("plugin/hosts: {} read again, {} entries", file_->config().path, file_->table()->entries());
    }
    arm();
  });
}

}  // namespace nld::plugins
