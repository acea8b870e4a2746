// SPDX-License-Identifier: Apache-2.0
/// \file
/// All of charkha: includes every public header.
#pragma once

#include "charkha/cancelled_error.hpp"
#include "charkha/clock.hpp"
#include "charkha/coro.hpp"
#include "charkha/create_task.hpp"
#include "charkha/exception_group.hpp"
#include "charkha/fatal_error.hpp"
#include "charkha/gather.hpp"
#include "charkha/interrupted_error.hpp"
#include "charkha/invalid_state_error.hpp"
#include "charkha/report.hpp"
#include "charkha/run.hpp"
#include "charkha/runner.hpp"
#include "charkha/runtime.hpp"
#include "charkha/runtime_options.hpp"
#include "charkha/simulation.hpp"
#include "charkha/sleep.hpp"
#include "charkha/task.hpp"
#include "charkha/task_options.hpp"
#include "charkha/timeout.hpp"
#include "charkha/timeout_error.hpp"
#include "charkha/usage_error.hpp"
#include "charkha/when_all.hpp"
#include "charkha/yield.hpp"
