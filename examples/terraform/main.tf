# Terraform's helm provider 3 has Helm 3 in it and runs a program.
resource "helm_release" "immich" {
  name      = "immich"
  namespace = "photos"
  chart     = "./charts/immich"

  postrender = {
    binary_path = "fixative"
    args        = ["render", "--namespace", "photos", "--config", "fixative.yaml"]
  }
}
