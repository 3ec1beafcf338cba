/* SPDX-License-Identifier: MIT */
/* The commands of carnet-admin: one file each, cmd_NAME.c. Each file gives its rows of options, main.c the table. */
#ifndef CARNET_ADMIN_ADMIN_H
#define CARNET_ADMIN_ADMIN_H

#include "common/cli.h"

/* The row that says whose license is meant, and the table of commands that have no other option. */
#define ADMIN_VENDOR_OPTION \
    { \
        "vendor", 0, "ID", false, "whose license: the vendor's id, or what it alone begins with" \
    }
extern const struct cli_option admin_vendor_options[];

extern const struct cli_option admin_init_options[];
enum carnet_err admin_init(struct cli *cli);
extern const struct cli_option admin_trust_add_options[];
enum carnet_err admin_trust_add(struct cli *cli);
extern const struct cli_option admin_trust_publish_options[];
enum carnet_err admin_trust_publish(struct cli *cli);
enum carnet_err admin_trust_list(struct cli *cli);
enum carnet_err admin_key_list(struct cli *cli);
extern const struct cli_option admin_key_export_options[];
enum carnet_err admin_key_export(struct cli *cli);
extern const struct cli_option admin_key_passphrase_options[];
enum carnet_err admin_key_passphrase(struct cli *cli);
extern const struct cli_option admin_key_save_options[];
enum carnet_err admin_key_save(struct cli *cli);
extern const struct cli_option admin_key_load_options[];
enum carnet_err admin_key_load(struct cli *cli);
extern const struct cli_option admin_key_split_options[];
enum carnet_err admin_key_split(struct cli *cli);
extern const struct cli_option admin_key_join_options[];
enum carnet_err admin_key_join(struct cli *cli);
extern const struct cli_option admin_key_rotate_options[];
enum carnet_err admin_key_rotate(struct cli *cli);
extern const struct cli_option admin_key_revoke_options[];
enum carnet_err admin_key_revoke(struct cli *cli);
extern const struct cli_option admin_key_request_options[];
enum carnet_err admin_key_request(struct cli *cli);
extern const struct cli_option admin_entitle_options[];
enum carnet_err admin_entitle(struct cli *cli);
enum carnet_err admin_import(struct cli *cli);
enum carnet_err admin_license_list(struct cli *cli);
enum carnet_err admin_license_show(struct cli *cli);
extern const struct cli_option admin_due_options[];
enum carnet_err admin_license_due(struct cli *cli);
enum carnet_err admin_user_add(struct cli *cli);
extern const struct cli_option admin_user_remove_options[];
enum carnet_err admin_user_remove(struct cli *cli);
enum carnet_err admin_convert(struct cli *cli);
extern const struct cli_option admin_assign_options[];
enum carnet_err admin_assign(struct cli *cli);
enum carnet_err admin_free(struct cli *cli);
enum carnet_err admin_clock(struct cli *cli);
enum carnet_err admin_rules_check(struct cli *cli);
extern const struct cli_option admin_sync_options[];
enum carnet_err admin_sync(struct cli *cli);
extern const struct cli_option admin_renew_options[];
enum carnet_err admin_renew(struct cli *cli);
extern const struct cli_option admin_revoke_options[];
enum carnet_err admin_revoke(struct cli *cli);
extern const struct cli_option admin_backup_options[];
enum carnet_err admin_backup(struct cli *cli);
enum carnet_err admin_retire(struct cli *cli);
enum carnet_err admin_restore(struct cli *cli);
extern const struct cli_option admin_recover_options[];
enum carnet_err admin_recover(struct cli *cli);
extern const struct cli_option admin_journal_show_options[];
enum carnet_err admin_journal_show(struct cli *cli);
enum carnet_err admin_journal_verify(struct cli *cli);
extern const struct cli_option admin_journal_export_options[];
enum carnet_err admin_journal_export(struct cli *cli);
enum carnet_err admin_journal_erase(struct cli *cli);

#endif
