// Mnemonics of RR types, classes, rcodes and opcodes, both ways.
#include "dns/types.hpp"

#include <algorithm>
#include <array>
#include <charconv>

namespace nld::dns {
namespace {

struct Entry {
  std::uint16_t number;
  std::string_view text;
};

// IANA "Resource Record (RR) TYPEs", by number.
constexpr auto kTypes = std::to_array<Entry>({
    {1, "A"},           {2, "NS"},        {3, "MD"},        {4, "MF"},       {5, "CNAME"},
    {6, "SOA"},         {7, "MB"},        {8, "MG"},        {9, "MR"},       {10, "NULL"},
    {11, "WKS"},        {12, "PTR"},      {13, "HINFO"},    {14, "MINFO"},   {15, "MX"},
    {16, "TXT"},        {17, "RP"},       {18, "AFSDB"},    {19, "X25"},     {20, "ISDN"},
    {21, "RT"},         {22, "NSAP"},     {23, "NSAP-PTR"}, {24, "SIG"},     {25, "KEY"},
    {26, "PX"},         {27, "GPOS"},     {28, "AAAA"},     {29, "LOC"},     {30, "NXT"},
    {31, "EID"},        {32, "NIMLOC"},   {33, "SRV"},      {34, "ATMA"},    {35, "NAPTR"},
    {36, "KX"},         {37, "CERT"},     {38, "A6"},       {39, "DNAME"},   {40, "SINK"},
    {41, "OPT"},        {42, "APL"},      {43, "DS"},       {44, "SSHFP"},   {45, "IPSECKEY"},
    {46, "RRSIG"},      {47, "NSEC"},     {48, "DNSKEY"},   {49, "DHCID"},   {50, "NSEC3"},
    {51, "NSEC3PARAM"}, {52, "TLSA"},     {53, "SMIMEA"},   {55, "HIP"},     {56, "NINFO"},
    {57, "RKEY"},       {58, "TALINK"},   {59, "CDS"},      {60, "CDNSKEY"}, {61, "OPENPGPKEY"},
    {62, "CSYNC"},      {63, "ZONEMD"},   {64, "SVCB"},     {65, "HTTPS"},   {66, "DSYNC"},
    {67, "HHIT"},       {68, "BRID"},     {99, "SPF"},      {100, "UINFO"},  {101, "UID"},
    {102, "GID"},       {103, "UNSPEC"},  {104, "NID"},     {105, "L32"},    {106, "L64"},
    {107, "LP"},        {108, "EUI48"},   {109, "EUI64"},   {128, "NXNAME"}, {249, "TKEY"},
    {250, "TSIG"},      {251, "IXFR"},    {252, "AXFR"},    {253, "MAILB"},  {254, "MAILA"},
    {255, "ANY"},       {256, "URI"},     {257, "CAA"},     {258, "AVC"},    {259, "DOA"},
    {260, "AMTRELAY"},  {261, "RESINFO"}, {262, "WALLET"},  {263, "CLA"},    {264, "IPN"},
    {32768, "TA"},      {32769, "DLV"},
});

constexpr auto kClasses = std::to_array<Entry>({
    {1, "IN"},
    {2, "CS"},
    {3, "CH"},
    {4, "HS"},
    {254, "NONE"},
    {255, "ANY"},
});

// 16 is BADVERS in an OPT and BADSIG in a TSIG (RFC 6895 §2.3); miekg/dns, hence CoreDNS's metrics and
// logs, always print BADSIG.
constexpr auto kRcodes = std::to_array<Entry>({
    {0, "NOERROR"},  {1, "FORMERR"},    {2, "SERVFAIL"}, {3, "NXDOMAIN"},  {4, "NOTIMP"},
    {5, "REFUSED"},  {6, "YXDOMAIN"},   {7, "YXRRSET"},  {8, "NXRRSET"},   {9, "NOTAUTH"},
    {10, "NOTZONE"}, {11, "DSOTYPENI"}, {16, "BADSIG"},  {17, "BADKEY"},   {18, "BADTIME"},
    {19, "BADMODE"}, {20, "BADNAME"},   {21, "BADALG"},  {22, "BADTRUNC"}, {23, "BADCOOKIE"},
});
constexpr auto kRcodeAliases = std::to_array<Entry>({{4, "NOTIMPL"}, {16, "BADVERS"}});

constexpr auto kOpcodes = std::to_array<Entry>({
    {0, "QUERY"},
    {1, "IQUERY"},
    {2, "STATUS"},
    {4, "NOTIFY"},
    {5, "UPDATE"},
    {6, "DSO"},
});

static_assert(std::ranges::is_sorted(kTypes, {}, &Entry::number));
static_assert(std::ranges::is_sorted(kRcodes, {}, &Entry::number));

// Types are looked up for every logged or counted query: the low numbers by index.
constexpr std::size_t kIndexedTypes = 265;
constexpr auto kTypeIndex = [] {
  std::array<std::string_view, kIndexedTypes> index{};
  for (const Entry& entry : kTypes) {
    if (entry.number < kIndexedTypes) index[entry.number] = entry.text;
  }
  return index;
}();

template <std::size_t N>
constexpr std::string_view text_of(const std::array<Entry, N>& table, std::uint16_t number) noexcept {
  const auto* found = std::ranges::find(table, number, &Entry::number);
  return found == table.end() ? std::string_view{} : found->text;
}

constexpr char upper(char letter) noexcept {
  return letter >= 'a' && letter <= 'z' ? static_cast<char>(letter - 'a' + 'A') : letter;
}

constexpr bool same_text(std::string_view left, std::string_view right) noexcept {
  return std::ranges::equal(left, right, {}, upper, upper);
}

template <std::size_t N>
std::optional<std::uint16_t> number_of(const std::array<Entry, N>& table, std::string_view text) noexcept {
  for (const Entry& entry : table) {
    if (same_text(entry.text, text)) return entry.number;
  }
  return std::nullopt;
}

/// The decimal number after `prefix`, RFC 3597 §5: no sign, no spaces, at most `limit`.
std::optional<std::uint16_t> generic_number(std::string_view text, std::string_view prefix,
                                            std::uint16_t limit) noexcept {
  if (text.size() <= prefix.size() || !same_text(text.substr(0, prefix.size()), prefix)) return std::nullopt;
  const std::string_view digits = text.substr(prefix.size());
  std::uint16_t number = 0;
  const auto result = std::from_chars(digits.data(), digits.data() + digits.size(), number);
  if (result.ec != std::errc{} || result.ptr != digits.data() + digits.size() || number > limit) {
    return std::nullopt;
  }
  return number;
}

std::string named_or_generic(std::string_view name, std::string_view prefix, std::uint16_t number) {
  if (!name.empty()) return std::string{name};
  return std::string{prefix} + std::to_string(number);
}

constexpr std::uint16_t kMaxRcode = 0x0FFF;  // RFC 6891 §6.1.3: 4 bits in the header, 8 in OPT

}  // namespace

std::string_view mnemonic(RRType type) noexcept {
  const auto number = static_cast<std::uint16_t>(type);
  return number < kIndexedTypes ? kTypeIndex[number] : text_of(kTypes, number);
}
std::string_view mnemonic(RRClass cls) noexcept {
  return text_of(kClasses, static_cast<std::uint16_t>(cls));
}
std::string_view mnemonic(Rcode rcode) noexcept {
  return text_of(kRcodes, static_cast<std::uint16_t>(rcode));
}
std::string_view mnemonic(Opcode opcode) noexcept {
  return text_of(kOpcodes, static_cast<std::uint16_t>(opcode));
}

std::string to_string(RRType type) {
  return named_or_generic(mnemonic(type), "TYPE", static_cast<std::uint16_t>(type));
}
std::string to_string(RRClass cls) {
  return named_or_generic(mnemonic(cls), "CLASS", static_cast<std::uint16_t>(cls));
}
std::string to_string(Rcode rcode) {
  return named_or_generic(mnemonic(rcode), "RCODE", static_cast<std::uint16_t>(rcode));
}

std::optional<RRType> parse_rrtype(std::string_view text) noexcept {
  auto number = number_of(kTypes, text);
  if (!number) number = generic_number(text, "TYPE", UINT16_MAX);
  if (!number) return std::nullopt;
  return static_cast<RRType>(*number);
}

std::optional<RRClass> parse_rrclass(std::string_view text) noexcept {
  auto number = number_of(kClasses, text);
  if (!number) number = generic_number(text, "CLASS", UINT16_MAX);
  if (!number) return std::nullopt;
  return static_cast<RRClass>(*number);
}

std::optional<Rcode> parse_rcode(std::string_view text) noexcept {
  auto number = number_of(kRcodes, text);
  if (!number) number = number_of(kRcodeAliases, text);
  if (!number) number = generic_number(text, "RCODE", kMaxRcode);
  if (!number) return std::nullopt;
  return static_cast<Rcode>(*number);
}

}  // namespace nld::dns
