/* SPDX-License-Identifier: MIT */
/* Is this machine a virtual one, or a container? (spec/format.md, section 9.2, "environment") */
#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#if defined(__x86_64__) || defined(__i386__)
#include <cpuid.h>
#endif

#include "machine/collect.h"
#include "machine/source.h"

#define DMI "/sys/class/dmi/id/"
#define TREE "/sys/firmware/devicetree/base/"

struct mark {
    const char *text; /* how the value begins */
    const char *system;
};

/* What makers of virtual machines write into the firmware's tables. */
static const struct mark firmware_marks[] = {
    {"QEMU", "qemu"},
    {"KVM", "kvm"},
    {"Firecracker", "firecracker"},
    {"OpenStack", "kvm"},
    {"KubeVirt", "kvm"},
    {"RHEV Hypervisor", "kvm"},
    {"RHEL", "kvm"},
    {"oVirt", "kvm"},
    {"Nutanix", "nutanix"},
    {"AHV", "nutanix"},
    {"VMware", "vmware"},
    {"VMW", "vmware"},
    {"innotek GmbH", "virtualbox"},
    {"VirtualBox", "virtualbox"},
    {"Xen", "xen"},
    {"HVM domU", "xen"},
    {"Bochs", "bochs"},
    {"Parallels", "parallels"},
    {"BHYVE", "bhyve"},
    {"Hyper-V", "hyperv"},
    {"Virtual Machine", "hyperv"},
    {"Apple Virtualization", "apple"},
    {"Google Compute Engine", "google"},
    {"Alibaba Cloud ECS", "kvm"},
    {"DigitalOcean", "kvm"},
    {"Droplet", "kvm"},
    {"Hetzner", "kvm"},
    {"vServer", "kvm"},
};
static const char *const firmware_sources[] = {DMI "sys_vendor", DMI "product_name", DMI "board_vendor",
                                               DMI "bios_vendor", DMI "product_version"};

#if defined(__x86_64__) || defined(__i386__)
static const struct mark processor_marks[] = {
    {"KVMKVMKVM", "kvm"},        {"Linux KVM Hv", "kvm"},        {"TCGTCGTCGTCG", "qemu"}, {"VMwareVMware", "vmware"},
    {"Microsoft Hv", "hyperv"},  {"VBoxVBoxVBox", "virtualbox"}, {"XenVMMXenVMM", "xen"},  {"bhyve bhyve", "bhyve"},
    {"prl hyperv", "parallels"}, {"ACRNACRNACRN", "acrn"},       {"QNXQVMBSQG", "qnx"},
};
#endif

static const char *find_mark(const struct mark *marks, size_t count, const char *text)
{
    for (size_t i = 0; i < count; i++)
        if (strncmp(text, marks[i].text, strlen(marks[i].text)) == 0)
            return marks[i].system;
    return NULL;
}

/* Copies a name as the format allows it: a-z 0-9 and hyphens; `otherwise` where nothing is left. */
static void set_system(char out[CARNET_SYSTEM_SIZE], const char *name, const char *otherwise)
{
    size_t length = 0;
    for (const char *c = name; *c != '\0' && length < CARNET_SYSTEM_SIZE - 1; c++) {
        if (isalnum((unsigned char)*c))
            out[length++] = (char)tolower((unsigned char)*c);
        else if (length > 0 && out[length - 1] != '-')
            out[length++] = '-';
    }
    while (length > 0 && out[length - 1] == '-')
        length--;
    out[length] = '\0';
    /* "none" is what a machine that is no such thing says. */
    if (length == 0 || strcmp(out, "none") == 0)
        (void)snprintf(out, CARNET_SYSTEM_SIZE, "%s", otherwise);
}

static const char *firmware_system(void)
{
    char value[256];
    for (size_t i = 0; i < sizeof firmware_sources / sizeof *firmware_sources; i++) {
        if (carnet_source_text(firmware_sources[i], value, sizeof value) != CARNET_FACT_PRESENT)
            continue;
        const char *system = find_mark(firmware_marks, sizeof firmware_marks / sizeof *firmware_marks, value);
        if (system != NULL)
            return system;
    }
    /* A cloud that rents whole machines too says which they are. */
    bool amazon = carnet_source_text(DMI "sys_vendor", value, sizeof value) == CARNET_FACT_PRESENT &&
                  strcmp(value, "Amazon EC2") == 0;
    if (amazon && carnet_source_text(DMI "product_name", value, sizeof value) == CARNET_FACT_PRESENT &&
        strstr(value, ".metal") == NULL)
        return "amazon";
    return NULL;
}

static const char *tree_system(void)
{
    char value[256];
    if (carnet_source_text(TREE "hypervisor/compatible", value, sizeof value) == CARNET_FACT_PRESENT) {
        if (strncmp(value, "xen", 3) == 0)
            return "xen";
        return strncmp(value, "vmware", 6) == 0 ? "vmware" : "kvm";
    }
    if (carnet_source_text(TREE "model", value, sizeof value) == CARNET_FACT_PRESENT &&
        strncmp(value, "linux,dummy-virt", 16) == 0)
        return "qemu";
    return NULL;
}

/* The processor's own word, where the machine is the real one. */
static const char *processor_system(void)
{
#if defined(__x86_64__) || defined(__i386__)
    unsigned a = 0, b = 0, c = 0, d = 0;
    if (carnet_machine_root()[0] != '\0' || __get_cpuid(1, &a, &b, &c, &d) == 0 || (c & (1u << 31)) == 0)
        return NULL;
    unsigned words[3];
    char signature[sizeof words + 1] = "";
    __cpuid(0x40000000u, a, words[0], words[1], words[2]);
    memcpy(signature, words, sizeof words);
    return find_mark(processor_marks, sizeof processor_marks / sizeof *processor_marks, signature);
#else
    return NULL;
#endif
}

/* The kernel's list of what the processor can do names "hypervisor" in a virtual machine. */
static bool has_hypervisor_flag(void)
{
    char bytes[16384 + 1];
    size_t size = 0;
    if (carnet_source_read("/proc/cpuinfo", bytes, sizeof bytes - 1, &size) != CARNET_FACT_PRESENT)
        return false;
    bytes[size] = '\0';
    char *flags = strstr(bytes, "\nflags");
    if (flags == NULL)
        return false;
    flags[1 + strcspn(flags + 1, "\n")] = '\0';
    const char *found = strstr(flags, " hypervisor");
    return found != NULL && (found[11] == ' ' || found[11] == '\0');
}

static void read_virtual(char out[CARNET_SYSTEM_SIZE])
{
    char type[64], features[256];
    bool xen = carnet_source_text("/sys/hypervisor/type", type, sizeof type) == CARNET_FACT_PRESENT;
    /* Xen's control domain is the machine itself. */
    if (xen && carnet_source_text("/proc/xen/capabilities", features, sizeof features) == CARNET_FACT_PRESENT &&
        strstr(features, "control_d") != NULL) {
        set_system(out, "", "none");
        return;
    }
    const char *system = xen ? type : firmware_system();
    if (system == NULL)
        system = tree_system();
    if (system == NULL)
        system = processor_system();
    if (system != NULL)
        set_system(out, system, "vm");
    else
        set_system(out, "", has_hypervisor_flag() ? "vm" : "none");
}

/* The variable "container" of the first process, where it may be read. */
static bool first_process_container(char *out, size_t room)
{
    static const char name[] = "container=";
    char bytes[16384 + 1];
    size_t size = 0;
    if (carnet_source_read("/proc/1/environ", bytes, sizeof bytes - 1, &size) != CARNET_FACT_PRESENT)
        return false;
    bytes[size] = '\0';
    for (const char *variable = bytes; variable < bytes + size; variable += strlen(variable) + 1) {
        if (strncmp(variable, name, sizeof name - 1) == 0 && variable[sizeof name - 1] != '\0') {
            (void)snprintf(out, room, "%s", variable + sizeof name - 1);
            return true;
        }
    }
    return false;
}

/* Whoever makes a user namespace is any user in it, and sees any file there under /etc and /sys. */
bool carnet_machine_in_namespace(void)
{
    char map[64];
    return carnet_source_text("/proc/self/uid_map", map, sizeof map) == CARNET_FACT_PRESENT &&
           strcmp(map, "0 0 4294967295") != 0;
}

static void read_container(char out[CARNET_SYSTEM_SIZE])
{
    char value[64];
    if (carnet_source_exists("/run/systemd/container"))
        set_system(
            out, carnet_source_text("/run/systemd/container", value, sizeof value) == CARNET_FACT_PRESENT ? value : "",
            "container");
    else if (carnet_source_exists("/run/.containerenv"))
        set_system(out, "podman", "container");
    else if (carnet_source_exists("/.dockerenv"))
        set_system(out, "docker", "container");
    else if (first_process_container(value, sizeof value))
        set_system(out, value, "container");
    else
        set_system(out, "", carnet_machine_in_namespace() ? "user-namespace" : "none");
}

void carnet_machine_read_systems(struct carnet_machine *machine)
{
    read_virtual(machine->virtual_system);
    read_container(machine->container_system);
    machine->label[0] = '\0';
    if (strcmp(machine->container_system, "none") != 0 &&
        carnet_source_text(CARNET_MACHINE_LABEL, machine->label, sizeof machine->label) != CARNET_FACT_PRESENT)
        machine->label[0] = '\0';
}
