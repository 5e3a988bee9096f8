export const options = { baseUrl: "https://images.example.com" };
