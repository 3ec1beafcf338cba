/* SPDX-License-Identifier: MIT */
/* What the commands of carnet-user share. */
#ifndef CARNET_TOOLS_USER_H
#define CARNET_TOOLS_USER_H

#include "common/cli.h"
#include "machine/product.h"
#include "state/drift.h"

/* One function a command, in a file of its own. */
enum carnet_err user_trust_add(struct cli *cli);
enum carnet_err user_trust_list(struct cli *cli);
enum carnet_err user_fingerprint(struct cli *cli);
enum carnet_err user_activate(struct cli *cli);
enum carnet_err user_check(struct cli *cli);
enum carnet_err user_status(struct cli *cli);
enum carnet_err user_release(struct cli *cli);
enum carnet_err user_doctor(struct cli *cli);
enum carnet_err user_sync(struct cli *cli);

/* Opens the state that --state, the environment or the user gives. */
CARNET_MUST_USE enum carnet_err user_state_open(struct cli *cli, bool write, struct carnet_state **out);
/*
 * The vendor a command speaks of: --vendor ID (all of it, or where `abbreviated` is allowed the beginning of one of
 * `anchors`), else that of the product's manifest (`product` may be NULL), else the only one of `anchors`. Otherwise
 * CARNET_NOT_FOUND (none) or CARNET_USAGE (several), with words.
 */
CARNET_MUST_USE enum carnet_err user_vendor(struct cli *cli, const struct carnet_anchors *anchors, bool abbreviated,
                                            const char *product, struct carnet_digest *out);
/* The steps of a check, as the JSON array "checks". NULL without memory. */
json_t *user_checks_json(const struct carnet_check *check);
/* Says it as data (cli_data) or as what stands beside (cli_note). */
typedef void user_say_fn(struct cli *cli, const char *format, ...) CARNET_PRINTF(2, 3);
/* How the machine stands to a license, for check, activate, status and doctor: as JSON (NULL without memory), and in
 * lines with `indent` before them, which are data where that was asked for, and else a word beside. `since` is that of
 * carnet_drift_since. */
json_t *user_match_json(const struct carnet_check *check, const struct carnet_matching *matching, int64_t since);
void user_match_say(struct cli *cli, user_say_fn *say, const char *indent, const struct carnet_check *check,
                    const struct carnet_matching *matching, int64_t since);
/* What a license says, for the JSON of check, status and activate. NULL without memory. */
json_t *user_license_json(const struct carnet_license *license, const struct carnet_check *check);
/* Days from now to a time, rounded down; for words. */
long user_days_left(int64_t until, int64_t now);
/* "valid until 2027-01-01T00:00:00Z (30 days)", or "never expires". */
void user_expiry_words(int64_t expires, int64_t now, char *out, size_t room);

#endif
