// Answers: one block of header, TTL offsets and wire bytes.
#include "cache/answer.hpp"

#include <algorithm>
#include <cassert>
#include <cstring>
#include <limits>
#include <memory>
#include <new>

#include "cache/budget.hpp"

namespace nld::cache {

static_assert(alignof(Answer) >= alignof(std::uint16_t) && sizeof(Answer) % alignof(std::uint16_t) == 0,
              "the TTL offsets stand right behind the object");

AnswerPtr Answer::make(const Facts& facts, dns::Bytes wire, std::span<const std::uint16_t> ttl_offsets) {
  assert(wire.size() <= dns::kMaxMessageSize);
  assert(ttl_offsets.size() <= std::numeric_limits<std::uint16_t>::max());
  void* block = ::operator new(sizeof(Answer) + ttl_offsets.size_bytes() + wire.size());
  AnswerPtr answer(::new (block) Answer(facts, static_cast<std::uint32_t>(wire.size()),
                                        static_cast<std::uint16_t>(ttl_offsets.size())));
  auto* tail = static_cast<std::uint8_t*>(block) + sizeof(Answer);
  if (!ttl_offsets.empty()) std::memcpy(tail, ttl_offsets.data(), ttl_offsets.size_bytes());
  if (!wire.empty()) std::memcpy(tail + ttl_offsets.size_bytes(), wire.data(), wire.size());
  return answer;
}

AnswerPtr Answer::entry(AnswerPtr answer, const Key& key, std::uint32_t ttl, runtime::TimePoint stored_at) {
  const KeyView wanted = key.view();
  assert(answer->asks(key));
  // One reference is ours alone: nobody else can take another meanwhile. Acquire: see release.
  if (answer->references_.load(std::memory_order_acquire) != 1) {
    answer = make(answer->facts(), answer->wire(), answer->ttl_offsets());
  }
  auto& entry = const_cast<Answer&>(*answer);
  entry.facts_.ttl = ttl;
  entry.facts_.stored_at = stored_at;
  entry.hash_ = wanted.hash;
  entry.question_size_ = static_cast<std::uint16_t>(wanted.question.size());
  entry.key_bits_ = wanted.bits;
  entry.place_ = {};
  auto* question = const_cast<std::uint8_t*>(entry.wire().data()) + dns::kHeaderSize;
  std::memcpy(question, wanted.question.data(), wanted.question.size());
  return answer;
}

bool Answer::asks(const Key& key) const noexcept {
  const dns::Bytes wanted = key.view().question;
  const dns::Bytes message = wire();
  if (message.size() < dns::kHeaderSize + wanted.size() || dns::read_header(message).qdcount != 1)
    return false;
  const dns::Bytes question = message.subspan(dns::kHeaderSize, wanted.size());
  const std::size_t name_size = key.name().size();
  return dns::equal_ignoring_case(question.first(name_size), key.name()) &&
         std::ranges::equal(question.subspan(name_size), wanted.subspan(name_size));
}

bool Answer::is_for(const KeyView& key) const noexcept {
  return hash_ == key.hash && question_size_ == key.question.size() && key_bits_ == key.bits &&
         std::memcmp(wire().data() + dns::kHeaderSize, key.question.data(), question_size_) == 0;
}

void Answer::destroy(const Answer* answer) noexcept {
  const std::size_t size = answer->block_size();
  answer->~Answer();
  ::operator delete(const_cast<Answer*>(answer), size);
}

std::size_t Answer::block_size() const noexcept {
  return sizeof(Answer) + ttl_count_ * sizeof(std::uint16_t) + wire_size_;
}

std::span<const std::uint16_t> Answer::ttl_offsets() const noexcept {
  return {reinterpret_cast<const std::uint16_t*>(this + 1), ttl_count_};
}

dns::Bytes Answer::wire() const noexcept {
  return {reinterpret_cast<const std::uint8_t*>(this + 1) + ttl_count_ * sizeof(std::uint16_t), wire_size_};
}

std::size_t Answer::memory() const noexcept {
  return heap_octets(block_size());
}

std::int64_t Answer::ttl_at(runtime::TimePoint now) const noexcept {
  const runtime::Duration left = expires_at() - now;
  const auto seconds = left > runtime::Duration::zero() ? std::chrono::ceil<std::chrono::seconds>(left)
                                                        : std::chrono::floor<std::chrono::seconds>(left);
  return std::min<std::int64_t>(seconds.count(), facts_.ttl);
}

}  // namespace nld::cache
