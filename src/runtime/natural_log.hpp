// The one function of libm that the program would need.
#pragma once

namespace nld::runtime {

/// The natural logarithm of a normal positive number, to about nine digits.
///
/// RE2 weighs by it how many expressions hang on one literal (FilteredRE2). The program is linked with `log`
/// wrapped to this: libm would cost each of both processes 160 kB of its own, and a start 0.2 ms.
double natural_log(double number) noexcept;

}  // namespace nld::runtime
