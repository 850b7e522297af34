import { graphql } from 'relay-runtime';

export const list = graphql`
  query serversListQuery($count: Int!, $cursor: String) {
    ...servers_list
  }
`;

export const pages = graphql`
  fragment servers_list on Query @refetchable(queryName: "ServersPageQuery") {
    servers(first: $count, after: $cursor) @connection(key: "servers_servers") {
      edges {
        node {
          id
          ...servers_server
        }
      }
    }
  }
`;

export const server = graphql`
  fragment servers_server on Server @refetchable(queryName: "ServerRefetchQuery") {
    id
    name
    status
    createdAt
    sharesAttached {
      id
      status
      share {
        name
      }
    }
  }
`;
