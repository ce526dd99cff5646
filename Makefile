# Needs Rust and Go, nothing else. Everything that is built for tests lies under target/tools.
CARGO ?= cargo
GO ?= go
BIN := target/tools/bin

HELM3_VERSION := 3.21.4
HELM4_VERSION := 4.2.4
FLUX_HELM_CONTROLLER_VERSION := 1.6.3
ARGOCD_VERSION := 3.2.1
CERT_MANAGER_VERSION := 1.21.2
PROMETHEUS_OPERATOR_VERSION := 0.85.0
OPENREPORTS_VERSION := 0.2.1
CARGO_DENY_VERSION := 0.20.2
# The Kubernetes whose OpenAPI documents the schema table is made from, and whose API server tests talk to.
KUBERNETES_VERSION := 1.36.3
# cargo-deny stays there when another version of it is wanted next.
DENY := target/tools/cargo-deny-$(CARGO_DENY_VERSION)
KUBERNETES := $(BIN)/kube-apiserver $(BIN)/kube-controller-manager
CONTROL_PLANE := $(BIN)/etcd $(KUBERNETES)
# Definitions of the kinds of others that our chart and our reports have objects of.
CRDS := target/tools/crds

# A target that is named keeps the static C library away from macros, which the compiler loads while it runs.
HOST = $(shell rustc --version --verbose | sed -n 's/^host: //p')

.PHONY: test tools lint static bench generate reference plugin help

help: ## says what can be made
	@sed -n 's/^\([a-z]*\):.*## /\1\t/p' $(MAKEFILE_LIST)

test: tools ## builds the real Helm 3, Helm 4, kustomize and control plane once, then runs all tests
	$(CARGO) test --locked --no-fail-fast

tools: $(BIN)/helm3 $(BIN)/helm4 $(BIN)/kustomize $(BIN)/flux-post-renderer $(BIN)/argocd-plugin $(BIN)/helmfile $(BIN)/goyaml $(CONTROL_PLANE) $(CRDS)/made ## builds the pinned programs that tests run

# A Helm that was not told its version calls itself v3.21 and assumes Kubernetes 1.20; tests pass --kube-version.
$(BIN)/helm3: tests/tools/helm3/go.mod tests/tools/helm3/go.sum
	@mkdir -p $(BIN)
	cd tests/tools/helm3 && $(GO) build -mod=readonly -trimpath \
	  -ldflags '-s -w -X helm.sh/helm/v3/internal/version.version=v$(HELM3_VERSION)' \
	  -o $(CURDIR)/$@ helm.sh/helm/v3/cmd/helm
	@touch $@

$(BIN)/helm4: tests/tools/helm4/go.mod tests/tools/helm4/go.sum
	@mkdir -p $(BIN)
	cd tests/tools/helm4 && $(GO) build -mod=readonly -trimpath \
	  -ldflags '-s -w -X helm.sh/helm/v4/internal/version.version=v$(HELM4_VERSION)' \
	  -o $(CURDIR)/$@ helm.sh/helm/v4/cmd/helm
	@touch $@

$(BIN)/kustomize: tests/tools/kustomize/go.mod tests/tools/kustomize/go.sum
	@mkdir -p $(BIN)
	cd tests/tools/kustomize && $(GO) build -mod=readonly -trimpath -ldflags '-s -w' \
	  -o $(CURDIR)/$@ sigs.k8s.io/kustomize/kustomize/v5
	@touch $@

# Where Go keeps a module: $(call module,PATH@VERSION).
module = $$(cd target/tools && GOFLAGS=-mod=mod $(GO) mod download -json $(1) \
  | sed -n 's/^[[:space:]]*"Dir": "\(.*\)",*$$/\1/p')

# helm-controller's post-renderers are internal to its module: our program is built in a copy of it. The go.mod is
# ours, with Helm's SDK instead of Flux's fork of it, which no module proxy serves; only an interface comes from there.
FLUX := target/tools/flux
$(BIN)/flux-post-renderer: tests/tools/flux/go.mod tests/tools/flux/go.sum tests/tools/flux/main.go Makefile
	@mkdir -p $(BIN)
	rm -rf $(FLUX)
	mkdir -p $(FLUX)/internal/postrender $(FLUX)/internal/fixative
	dir=$(call module,github.com/fluxcd/helm-controller@v$(FLUX_HELM_CONTROLLER_VERSION)) && test -n "$$dir" && \
	  cp "$$dir"/internal/postrender/*.go $(FLUX)/internal/postrender/
	chmod -R u+w $(FLUX)
	rm -f $(FLUX)/internal/postrender/*_test.go
	cp tests/tools/flux/go.mod tests/tools/flux/go.sum $(FLUX)/
	cp tests/tools/flux/main.go $(FLUX)/internal/fixative/
	cd $(FLUX) && $(GO) build -mod=readonly -trimpath -ldflags '-s -w' -o $(CURDIR)/$@ ./internal/fixative
	@touch $@

# Argo CD's way to run a plugin is its cmp-server's own too; its go.mod and go.sum come with its module.
ARGOCD := target/tools/argocd
$(BIN)/argocd-plugin: tests/tools/argocd/main.go tests/tools/argocd/generate.go Makefile
	@mkdir -p $(BIN)
	rm -rf $(ARGOCD)
	mkdir -p $(ARGOCD)/cmd/plugin
	dir=$(call module,github.com/argoproj/argo-cd/v3@v$(ARGOCD_VERSION)) && test -n "$$dir" && cd "$$dir" && \
	  cp -r assets cmpserver common pkg reposerver util go.mod go.sum $(CURDIR)/$(ARGOCD)/
	chmod -R u+w $(ARGOCD)
	cp tests/tools/argocd/generate.go $(ARGOCD)/cmpserver/plugin/
	cp tests/tools/argocd/main.go $(ARGOCD)/cmd/plugin/
	cd $(ARGOCD) && CGO_ENABLED=0 $(GO) build -mod=readonly -trimpath -ldflags '-s -w' -o $(CURDIR)/$@ ./cmd/plugin
	@touch $@

# The largest of all: it has the secret stores of every cloud in it.
$(BIN)/helmfile: tests/tools/helmfile/go.mod tests/tools/helmfile/go.sum
	@mkdir -p $(BIN)
	cd tests/tools/helmfile && CGO_ENABLED=0 $(GO) build -mod=readonly -trimpath -ldflags '-s -w' \
	  -o $(CURDIR)/$@ github.com/helmfile/helmfile
	@touch $@

$(BIN)/goyaml: tests/tools/goyaml/go.mod tests/tools/goyaml/go.sum tests/tools/goyaml/main.go
	@mkdir -p $(BIN)
	cd tests/tools/goyaml && $(GO) build -mod=readonly -trimpath -ldflags '-s -w' -o $(CURDIR)/$@ .
	@touch $@

# No -pgo: a profile would compile every dependency once more for each program, and tests need no speed of it.
CONTROL_PLANE_MODULE := tests/tools/controlplane
build-control-plane = cd $(CONTROL_PLANE_MODULE) && CGO_ENABLED=0 $(GO) build -mod=readonly -trimpath -pgo=off

$(BIN)/etcd: $(CONTROL_PLANE_MODULE)/go.mod $(CONTROL_PLANE_MODULE)/go.sum
	@mkdir -p $(BIN)
	$(build-control-plane) -ldflags '-s -w' -o $(CURDIR)/$@ go.etcd.io/etcd/server/v3
	@touch $@

# A version that was not told is v0.0.0-master, and a chart that asks for a Kubernetes would not install.
KUBERNETES_BUILD := -X k8s.io/component-base/version
KUBERNETES_PARTS := $(subst ., ,$(KUBERNETES_VERSION))
KUBERNETES_LDFLAGS := -s -w $(KUBERNETES_BUILD).gitVersion=v$(KUBERNETES_VERSION) \
  $(KUBERNETES_BUILD).gitMajor=$(word 1,$(KUBERNETES_PARTS)) $(KUBERNETES_BUILD).gitMinor=$(word 2,$(KUBERNETES_PARTS))

$(KUBERNETES): $(BIN)/%: $(CONTROL_PLANE_MODULE)/go.mod $(CONTROL_PLANE_MODULE)/go.sum
	@mkdir -p $(BIN)
	$(build-control-plane) -ldflags '$(KUBERNETES_LDFLAGS)' -o $(CURDIR)/$@ k8s.io/kubernetes/cmd/$*
	@touch $@

# One after the other, also under `make -j`: each needs more than 2 GB.
$(BIN)/kube-apiserver: | $(BIN)/etcd
$(BIN)/kube-controller-manager: | $(BIN)/kube-apiserver

$(CRDS)/made: Makefile
	rm -rf $(CRDS)
	mkdir -p $(CRDS)
	dir=$(call module,github.com/cert-manager/cert-manager@v$(CERT_MANAGER_VERSION)) && test -n "$$dir" && \
	  cp "$$dir"/deploy/crds/cert-manager.io_issuers.yaml "$$dir"/deploy/crds/cert-manager.io_certificates.yaml $(CRDS)/
	dir=$(call module,github.com/prometheus-operator/prometheus-operator@v$(PROMETHEUS_OPERATOR_VERSION)) && test -n "$$dir" && \
	  cp "$$dir"/example/prometheus-operator-crd/monitoring.coreos.com_servicemonitors.yaml \
	  "$$dir"/example/prometheus-operator-crd/monitoring.coreos.com_prometheusrules.yaml $(CRDS)/
	dir=$(call module,github.com/openreports/reports-api@v$(OPENREPORTS_VERSION)) && test -n "$$dir" && \
	  cp "$$dir"/config/crd/openreports.io_reports.yaml "$$dir"/config/crd/openreports.io_clusterreports.yaml $(CRDS)/
	touch $@

$(DENY)/bin/cargo-deny:
	$(CARGO) install --locked --version $(CARGO_DENY_VERSION) --no-default-features --root $(DENY) cargo-deny

lint: $(DENY)/bin/cargo-deny ## format, clippy, licences, and that generated files are fresh
	$(CARGO) fmt --all --check
	$(CARGO) clippy --locked --all-targets -- -D warnings
	$(DENY)/bin/cargo-deny check bans licenses sources
	$(MAKE) target/tools/table.rs
	diff -u src/schema/table.rs target/tools/table.rs

# A peer of benchmarks alone: no test waits for it.
$(BIN)/kyverno: tests/tools/kyverno/go.mod tests/tools/kyverno/go.sum
	@mkdir -p $(BIN)
	cd tests/tools/kyverno && CGO_ENABLED=0 $(GO) build -mod=readonly -trimpath -ldflags '-s -w' \
	  -o $(CURDIR)/$@ github.com/kyverno/kyverno/cmd/cli/kubectl-kyverno
	@touch $@

# Packed relocations make the program half a megabyte smaller; a static one relocates itself, so no loader must know them.
# Of functions that came out the same one is enough, which the linker that Rust brings for x86_64 can tell.
FOLD_x86_64-unknown-linux-gnu = -C link-arg=-Wl,--icf=all
static: ## builds the program of the image, which needs no library: target/static/fixative
	RUSTFLAGS='-C target-feature=+crt-static -C link-arg=-Wl,-z,pack-relative-relocs $(FOLD_$(HOST))' \
	  $(CARGO) build --locked --release --bin fixative --target $(HOST)
	@mkdir -p target/static
	cp target/$(HOST)/release/fixative target/static/fixative

bench: static $(BIN)/kustomize $(BIN)/kyverno $(CONTROL_PLANE) ## measures render and check beside kustomize and Kyverno, and the webhook beside one that does nothing
	FIXATIVE_STATIC=$(CURDIR)/target/static/fixative $(CARGO) bench --locked

# The module's zip is large and holds the OpenAPI documents; Go keeps it in its cache.
target/tools/table.rs: tools/generate_schema.rs tools/overlay.json Makefile
	@mkdir -p target/tools
	dir=$(call module,k8s.io/kubernetes@v$(KUBERNETES_VERSION)) && test -n "$$dir" && \
	  $(CARGO) run --quiet --locked --example generate-schema -- "$$dir/api/openapi-spec/v3" > $@.new
	mv $@.new $@

generate: target/tools/table.rs ## makes src/schema/table.rs anew from Kubernetes' OpenAPI documents
	cp target/tools/table.rs src/schema/table.rs

reference: ## writes docs/policy-reference.md anew from the policies and their tests
	@mkdir -p target/tools
	$(CARGO) run --quiet --locked --bin fixative -- policies docs > target/tools/policy-reference.md
	mv target/tools/policy-reference.md docs/policy-reference.md

plugin: ## makes a Helm 4 plugin folder, ready for `helm plugin install target/plugin/fixative`
	$(CARGO) build --locked --release --bin fixative
	rm -rf target/plugin/fixative
	mkdir -p target/plugin/fixative/bin
	cp plugin/helm4/plugin.yaml target/plugin/fixative/plugin.yaml
	cp target/release/fixative target/plugin/fixative/bin/fixative
