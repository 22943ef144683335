"""Clusters and nodes: how they stand, and what can be changed of them at run time."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Path, Response

from evenly.control import edits, models, views
from evenly.control.asking import (
    CLUSTER_CHANGES,
    NEW_NODE,
    NODE_CHANGES,
    UseAsked,
    UseInForce,
    UseJson,
)
from evenly.control.reply import READS, WRITES, Reply, refusals

router = APIRouter(tags=["clusters"])

Cluster = Annotated[str, Path(description="The cluster's name.")]
Node = Annotated[
    str, Path(description="The node's stable name. It may hold slashes, also unescaped.")
]


@router.get(
    "/v1/clusters",
    operation_id="listClusters",
    summary="Every cluster with its nodes as they stand",
    response_model=models.Clusters,
    responses=READS,
)
def list_clusters(now: UseInForce) -> Response:
    """Figures of the engine, what is configured, and how that differs from the file."""
    state = now.engine.state()
    return Reply(views.clusters(state, now.beside(state)))


@router.get(
    "/v1/clusters/{cluster}",
    operation_id="getCluster",
    summary="One cluster",
    response_model=models.ClusterState,
    responses=READS | refusals(404),
)
def get_cluster(cluster: Cluster, now: UseInForce) -> Response:
    """As in the list of all."""
    state = now.engine.state()
    return Reply(views.cluster(state, now.beside(state), cluster))


@router.patch(
    "/v1/clusters/{cluster}",
    operation_id="changeCluster",
    summary="Change a cluster's strategy",
    response_model=models.Applied,
    responses=WRITES | refusals(404),
    openapi_extra=CLUSTER_CHANGES,
)
def change_cluster(cluster: Cluster, given: UseJson, now: UseInForce, asked: UseAsked) -> Response:
    """A name, or a table with name and options. Nodes keep their state and requests their nodes."""
    return Reply(now.change(asked, edits.change_cluster(cluster, given, asked.by)))


@router.get(
    "/v1/clusters/{cluster}/nodes",
    operation_id="listNodes",
    summary="The nodes of a cluster",
    response_model=models.Nodes,
    responses=READS | refusals(404),
)
def list_nodes(cluster: Cluster, now: UseInForce) -> Response:
    """Each as it stands. A host name is listed once for each of its addresses."""
    state = now.engine.state()
    found = views.cluster(state, now.beside(state), cluster)
    return Reply({"nodes": found["nodes"]})


@router.post(
    "/v1/clusters/{cluster}/nodes",
    operation_id="addNode",
    summary="Add a node",
    status_code=201,
    response_model=models.Applied,
    responses=WRITES | refusals(404),
    openapi_extra=NEW_NODE,
)
def add_node(cluster: Cluster, given: UseJson, now: UseInForce, asked: UseAsked) -> Response:
    """An address, or a table as in the file. It starts slowly, as every node that joins."""
    return Reply(now.change(asked, edits.add_node(cluster, given, asked.by)), 201)


@router.get(
    "/v1/clusters/{cluster}/nodes/{node:path}",
    operation_id="getNode",
    summary="One node",
    response_model=models.NodeState,
    responses=READS | refusals(404, 409),
)
def get_node(cluster: Cluster, node: Node, now: UseInForce) -> Response:
    """A node given by a host name is shown with one node for each of its addresses."""
    state = now.engine.state()
    return Reply(views.node(state, now.beside(state), cluster, node))


@router.patch(
    "/v1/clusters/{cluster}/nodes/{node:path}",
    operation_id="changeNode",
    summary="Change weight, capacity or state of a node",
    response_model=models.Applied,
    responses=WRITES | refusals(404),
    openapi_extra=NODE_CHANGES,
)
def change_node(
    cluster: Cluster,
    node: Node,
    given: UseJson,
    now: UseInForce,
    asked: UseAsked,
) -> Response:
    """`state` is `serve`, `drain` (ends what it has begun) or `down`; a `capacity` of null is no limit."""
    return Reply(now.change(asked, edits.change_node(cluster, node, given, asked.by)))


@router.delete(
    "/v1/clusters/{cluster}/nodes/{node:path}",
    operation_id="removeNode",
    summary="Remove a node",
    response_model=models.Applied,
    responses=WRITES | refusals(404),
)
def remove_node(cluster: Cluster, node: Node, now: UseInForce, asked: UseAsked) -> Response:
    """It takes nothing new from now on; requests that it works on are answered."""
    return Reply(now.change(asked, edits.remove_node(cluster, node, asked.by)))
