// A hit allocates nothing. This file replaces operator new for the whole test program to count.
#include <gtest/gtest.h>

#include <cstdlib>
#include <new>

#include "cache/table.hpp"
#include "samples.hpp"

namespace {
thread_local std::size_t allocations = 0;
}  // namespace

void* operator new(std::size_t size) {
  ++allocations;
  if (void* block = std::malloc(size)) return block;
  throw std::bad_alloc();
}
void operator delete(void* block) noexcept {
  std::free(block);
}
void operator delete(void* block, std::size_t /*size*/) noexcept {
  std::free(block);
}

namespace nld::cache {
namespace {

TEST(Allocation, TheCounterCounts) {
  const auto before = allocations;
  const auto answer = Answer::make({}, {}, {});
  EXPECT_EQ(allocations - before, 1U) << "an answer is one block";
}

TEST(Allocation, KeysAndLookupsAllocateNothing) {
  Budget budget(1 << 20);
  Table table({}, budget);
  for (std::size_t number = 0; number < 100; ++number)
    table.store(test::entry_with(test::key_number(number), "x"));
  const auto name = test::wire_name("n7.example");
  const auto missing = test::wire_name("n7.example.org");

  const auto before = allocations;
  bool hit = false;
  bool miss = false;
  for (int round = 0; round < 10; ++round) {
    const Key key(test::kHasher, name, dns::RRType::A, dns::RRClass::IN, false, false);
    hit = table.find_fresh(key, test::kStart) != nullptr && table.find(key)[Part::success] != nullptr;
    const Key other(test::kHasher, missing, dns::RRType::A, dns::RRClass::IN, false, false);
    miss = table.find_fresh(other, test::kStart) == nullptr;
  }
  const auto after = allocations;
  EXPECT_EQ(after, before);
  EXPECT_TRUE(hit);
  EXPECT_TRUE(miss);
}

}  // namespace
}  // namespace nld::cache
