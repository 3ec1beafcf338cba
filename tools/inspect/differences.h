/* SPDX-License-Identifier: MIT */
/* What two documents say differently. */
#ifndef CARNET_INSPECT_DIFFERENCES_H
#define CARNET_INSPECT_DIFFERENCES_H

#include <jansson.h>

#include "common/cli.h"

/* Two objects of inspect_fields: a list of objects with the members `member` ("license.seats"), `from` and `to` (text,
 * or null where it is not said). What matters most comes first. NULL when there is no memory. */
json_t *inspect_differences(json_t *a, json_t *b);
/* The same in one line for people: "seats 5 -> 8, offline denied -> allowed"; "" where nothing but digests, numbers and
 * times of issue differ. */
void inspect_differences_words(const json_t *differences, char *out, size_t room);
/* And as a table. */
void inspect_differences_tell(struct cli *cli, const json_t *differences);

#endif
