/*
 * Searches a perfectly balanced binary tree. The tree and the searches are always
 * the same; only where its nodes lie in memory differs:
 *
 *   shuffled   anywhere: a page a level, nearly
 *   breadth    level by level: the top levels share a few pages
 *   depth      a node, then its left subtree, then its right one
 *   clustered  subtrees of 7 levels, counted from the leaves, each in a page of its own
 */
#include "runtime/runtime.h"

#define USAGE "treewalk [levels, 2 to 24, by default 16] [searches, by default 150K] " \
              "[shuffled|breadth|depth|clustered]"

struct node { uint64_t key, value; struct node *left, *right; };

#define CLUSTER_LEVELS 7u
#define CLUSTER_NODES (PAGE_BYTES / sizeof(struct node)) /* 128, of which 127 are used */

static struct node *nodes;
static uint32_t *shuffle; /* a permutation of the places */
static uint64_t used;     /* places (depth) or clusters (clustered) handed out */

/*
 * Where a node goes. `index` is its 1-based breadth-first number, `level` its
 * depth within its cluster, and `cluster` the place of its cluster's root.
 */
typedef uint64_t layout(uint64_t index, unsigned level, uint64_t cluster);

static uint64_t shuffled(uint64_t index, unsigned level, uint64_t cluster) {
    (void)level, (void)cluster;
    return shuffle[index - 1];
}
static uint64_t breadth(uint64_t index, unsigned level, uint64_t cluster) {
    (void)level, (void)cluster;
    return index - 1;
}
static uint64_t depth_first(uint64_t index, unsigned level, uint64_t cluster) {
    (void)index, (void)level, (void)cluster;
    return used++;
}
static uint64_t clustered(uint64_t index, unsigned level, uint64_t cluster) {
    if (level == 0) return used++ * CLUSTER_NODES;
    uint64_t first = (1ul << level) - 1;
    return cluster + first + (index & first);
}

static const struct { const char *name; layout *place; } layouts[] = {
    {"shuffled", shuffled}, {"breadth", breadth}, {"depth", depth_first}, {"clustered", clustered},
};

/* A subtree of `levels` levels whose keys are 2 * (low ... low + 2^levels - 2). */
static struct node *build(layout *place, uint64_t index, unsigned levels, uint64_t low,
                          unsigned level, uint64_t cluster) {
    if (levels == 0) return NULL;
    uint64_t at = place(index, level, cluster);
    if (level == 0) cluster = at;
    unsigned child_level = (levels - 1) % CLUSTER_LEVELS == 0 ? 0 : level + 1;
    uint64_t middle = low + (1ul << (levels - 1)) - 1;
    struct node *n = &nodes[at];
    n->key = 2 * middle;
    n->value = mix(middle, 7);
    n->left = build(place, 2 * index, levels - 1, low, child_level, cluster);
    n->right = build(place, 2 * index + 1, levels - 1, middle + 1, child_level, cluster);
    return n;
}

static uint64_t in_order(const struct node *n, uint64_t sum) {
    if (!n) return sum;
    sum = mix(in_order(n->left, sum), n->value);
    return in_order(n->right, sum);
}

static void make_shuffle(uint64_t count) {
    shuffle = allocate(count * sizeof *shuffle);
    struct random r = seeded(count);
    for (uint64_t i = 0; i < count; i++) {
        uint64_t j = random_below(&r, i + 1);
        shuffle[i] = shuffle[j];
        shuffle[j] = (uint32_t)i;
    }
}

/* Clusters have their roots at the top and wherever 7, 14, 21 ... levels are left. */
static uint64_t clusters_for(unsigned levels) {
    uint64_t clusters = 1;
    for (unsigned left = CLUSTER_LEVELS; left < levels; left += CLUSTER_LEVELS) clusters += 1ul << (levels - left);
    return clusters;
}

int main(int argc, char **argv, char **envp) {
    (void)envp;
    if (argc > 4) usage(USAGE);
    unsigned levels = argc > 1 ? (unsigned)parse_size(argv[1], 2, 24, USAGE) : 16;
    uint64_t searches = argc > 2 ? parse_size(argv[2], 1, 1ul << 32, USAGE) : 150 * KIB;
    unsigned chosen = 0;
    if (argc > 3) {
        while (chosen < 4 && !same_text(argv[3], layouts[chosen].name)) chosen++;
        if (chosen == 4) usage(USAGE);
    }
    layout *place = layouts[chosen].place;

    uint64_t count = (1ul << levels) - 1;
    uint64_t places = place == clustered ? clusters_for(levels) * CLUSTER_NODES : count;
    if (place == shuffled) make_shuffle(count);
    nodes = map_pages(places * sizeof *nodes, 0);
    struct node *root = build(place, 1, levels, 0, 0, 0);

    struct random r = seeded(levels);
    uint64_t found = 0, sum = 0;
    for (uint64_t i = 0; i < searches; i++) {
        uint64_t key = random_below(&r, 2 * count); /* odd keys are absent */
        const struct node *n = root;
        while (n && n->key != key) n = key < n->key ? n->left : n->right;
        if (n) {
            found++;
            sum = mix(sum, n->value);
        }
    }
    sum = in_order(root, sum);
    print("treewalk %s, %lu nodes, %lu searches, %lu found, checksum %016lx\n",
          layouts[chosen].name, count, searches, found, sum);
    return 0;
}
